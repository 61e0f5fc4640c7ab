// What went wrong, in words: what happened, why, what to do.
import { Alert, Button, List } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import { ApiError } from "@/api/client";
import { frame as words } from "@/texts/en/frame";
import { parts } from "@/texts/en/parts";
import { tell } from "./notice";

export function reasonOf(error: unknown): string {
  if (error instanceof ApiError) return error.status === 0 ? words.unreachable : error.message;
  return error instanceof Error ? error.message : String(error);
}

// Tells of a failure in passing; what failed is still there to be tried again.
export function tellOf(error: unknown): void {
  void tell({
    color: "red",
    title: words.failed,
    message: reasonOf(error),
    autoClose: 8000,
    closeButtonProps: { "aria-label": parts.close },
  });
}

export function ProblemNote({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const fields = error instanceof ApiError ? (error.problem.errors ?? []) : [];
  return (
    <Alert role="alert" color="red" icon={<IconAlertTriangle size={18} />} title={words.failed} my={8}>
      {reasonOf(error)}
      {fields.length > 0 ? (
        <List size="sm" mt={8}>
          {fields.map((one) => (
            <List.Item key={`${one.field}${one.message}`}>{`${one.field}: ${one.message}`}</List.Item>
          ))}
        </List>
      ) : null}
      {onRetry ? (
        <Button variant="default" size="xs" mt={8} onClick={onRetry}>
          {words.tryAgain}
        </Button>
      ) : null}
    </Alert>
  );
}
