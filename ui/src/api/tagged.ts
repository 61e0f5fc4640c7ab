// A subject with its ETag: whoever changes it says which state they have seen, and is told when it is another by now.
import { type Answer, ApiError, told } from "./client";

export interface Tagged<Value> {
  value: Value;
  etag: string;
}

export async function tagged<Value>(asked: Promise<Answer<Value>>): Promise<Tagged<Value>> {
  const value = await told(asked);
  const { response } = await asked;
  return { value, etag: response.headers.get("etag") ?? "" };
}

// The header of a change; without a tag nothing is demanded.
export function ifMatch(etag: string): { "if-match"?: string } {
  return etag === "" ? {} : { "if-match": etag };
}

export function isConflict(error: unknown): boolean {
  return error instanceof ApiError && error.status === 412;
}
