/**
 * Counts the clicks on each link, every click once, and keeps the counts in a file.
 *
 *     NATS_URL=nats://<name>:<password>@<host>:<port> node consumer.ts counts.json
 */

import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { setTimeout } from "node:timers/promises";

import { jetstream, type JsMsg } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";

const STREAM = "CLICKS";
const DOMAIN = "millrace";
const BATCH = "application/cloudevents-batch+json";
const PAUSE_MS = 1000;

type ClickEvent = { data: { link_id: string } };
type State = { position: number; last: Record<string, number>; clicks: Record<string, number> };

/** What was made of the messages, and how far they were read: kept together, so that one never goes without the other. */
class Counts {
  readonly #path: string;
  readonly #state: State = { position: 0, last: {}, clicks: {} };

  constructor(path: string) {
    this.#path = path;
    if (existsSync(path)) this.#state = JSON.parse(readFileSync(path, "utf8"));
  }

  take(message: JsMsg): void {
    // It was given to us before, and the broker never heard that we had it.
    if (message.seq <= this.#state.position) return;
    this.#state.position = message.seq;
    // The other events of the stream say what a workspace does not count: clicks that come are counted here all the same.
    const isBatch = message.headers?.get("content-type") === BATCH;
    if (isBatch && this.#isNew(message)) {
      const clicks = this.#state.clicks;
      for (const { data } of message.json<ClickEvent[]>()) {
        clicks[data.link_id] = (clicks[data.link_id] ?? 0) + 1;
      }
    }
    this.#keep();
  }

  /** A producer that got no answer sends its message again, under the same number. */
  #isNew(message: JsMsg): boolean {
    const producer = message.headers?.get("millrace-producer");
    if (!producer) return true;
    const key = `${message.subject} ${producer}`;
    const number = Number(message.headers?.get("millrace-batch"));
    if (number <= (this.#state.last[key] ?? -1)) return false;
    this.#state.last[key] = number;
    return true;
  }

  #keep(): void {
    const file = openSync(`${this.#path}.new`, "w");
    writeSync(file, JSON.stringify(this.#state));
    fsyncSync(file);
    closeSync(file);
    renameSync(`${this.#path}.new`, this.#path);
  }
}

async function read(client: NatsConnection, name: string, counts: Counts): Promise<void> {
  const consumer = await jetstream(client, { domain: DOMAIN }).consumers.get(STREAM, name);
  // One at a time: the next comes when this one is acknowledged.
  for await (const message of await consumer.consume({ max_messages: 1 })) {
    counts.take(message);
    message.ack();
  }
}

const url = new URL(process.env.NATS_URL ?? "");
const name = decodeURIComponent(url.username);
const counts = new Counts(process.argv[2] ?? "counts.json");
const client = await connect({
  servers: url.host,
  user: name,
  pass: decodeURIComponent(url.password),
  name,
  // It connects again for as long as it takes.
  maxReconnectAttempts: -1,
});
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => client.close());

while (!client.isClosed()) {
  try {
    await read(client, name, counts);
  } catch (error) {
    if (client.isClosed()) break;
    console.error("the broker:", error);
    await setTimeout(PAUSE_MS);
  }
}
