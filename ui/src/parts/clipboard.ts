// Puts a text on the clipboard. Browsers give their clipboard to pages that came over TLS or from this machine only; a
// gateway in a classroom may be reached by plain HTTP, and there a field that is selected does it.
export async function copyText(text: string, button: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copySelected(text, button);
  }
}

// The field stands beside the button, because a dialog takes the focus back from whatever is outside of it.
function copySelected(text: string, button: HTMLElement): boolean {
  const field = document.createElement("textarea");
  field.value = text;
  field.readOnly = true;
  field.style.position = "fixed";
  field.style.opacity = "0";
  button.after(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  button.focus();
  return copied;
}
