// Where tests let the log go.
import { Writable } from "node:stream";

export const silent = () => new Writable({ write: (_chunk, _encoding, done) => done() });

/** A stream, and what was written to it: each line read as JSON. */
export function lines() {
  const chunks = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(String(chunk));
      done();
    },
  });
  const read = () => chunks.join("").split("\n").filter(Boolean).map((line) => JSON.parse(line));
  return [stream, read];
}
