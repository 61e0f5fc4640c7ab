// Where everything begins: session and language together, then the UI itself (app.tsx). index.html asks for the session
// beforehand, and the server names there what the page that is asked for will load.
import { setNonce } from "get-nonce";
import { readSession } from "./api/session";
import { allStyles } from "./styles";
import { loadLanguage } from "./texts/catalogue";

const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";

async function start(): Promise<void> {
  setNonce(nonce);
  // All else comes after the language, because texts are taken when a module is loaded.
  const [session, { show }] = await Promise.all([
    readSession(),
    loadLanguage().then(() => import("./app")),
    allStyles(),
  ]);
  const root = document.getElementById("root");
  if (root !== null) show(session, root, nonce);
}

void start();
