/**
 * Counts the clicks on each link, every click once, and keeps the counts in a file.
 *
 *     NATS_URL=nats://<name>:<password>@<host>:<port> node consumer.ts counts.json
 */

import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
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
  #state: State = { position: 0, last: {}, clicks: {} };

  constructor(path: string) {
    this.#path = path;
    if (existsSync(path)) this.#state = JSON.parse(readFileSync(path, "utf8"));
  }

  /**
   * Counts a message. The new state is made aside, and is the state once it is kept: a message that was not counted
   * must not look as if it had been.
   */
  take(message: JsMsg): void {
    // It was given to us before, and the broker never heard that we had it.
    if (message.seq <= this.#state.position) return;
    const next = structuredClone(this.#state);
    next.position = message.seq;
    count(next, message);
    this.#keep(next);
    this.#state = next;
  }

  /** Replaces the file in one step. */
  #keep(state: State): void {
    const path = `${this.#path}.new`;
    writeFileSync(path, JSON.stringify(state), { flush: true });
    renameSync(path, this.#path);
    // That the file has another name now stands in the folder, which a power failure must not take back either.
    const folder = openSync(dirname(this.#path), "r");
    fsyncSync(folder);
    closeSync(folder);
  }
}

function count(state: State, message: JsMsg): void {
  // The other events of the stream say what a workspace does not count: clicks that come are counted here all the same.
  const isBatch = message.headers?.get("content-type") === BATCH;
  if (!isBatch || !isNew(state, message)) return;
  for (const { data } of message.json<ClickEvent[]>()) {
    state.clicks[data.link_id] = (state.clicks[data.link_id] ?? 0) + 1;
  }
}

/** A producer that got no answer sends its message again, under the same number. */
function isNew(state: State, message: JsMsg): boolean {
  const producer = message.headers?.get("millrace-producer");
  const batch = message.headers?.get("millrace-batch");
  if (!producer || !batch) return true;
  const key = `${message.subject} ${producer}`;
  const number = Number(batch);
  if (!Number.isSafeInteger(number)) throw new Error(`millrace-batch is ${batch}`);
  if (number <= (state.last[key] ?? -1)) return false;
  state.last[key] = number;
  return true;
}

async function read(client: NatsConnection, name: string, counts: Counts): Promise<void> {
  const consumer = await jetstream(client, { domain: DOMAIN }).consumers.get(STREAM, name);
  const { config } = await consumer.info(true);
  // With several messages under way, one that comes again may come after later ones, and would be passed over.
  if (config.max_ack_pending !== 1) {
    stop(
      `the consumer gives ${config.max_ack_pending} messages at once, and this program counts right with one alone: ` +
        "remove the consumer, and add it without --in-flight",
    );
  }
  // One at a time: the next comes when this one is acknowledged.
  for await (const message of await consumer.consume({ max_messages: 1 })) {
    try {
      counts.take(message);
    } catch (error) {
      stop("a message could not be counted:", error);
    }
    message.ack();
  }
}

/** Ends the program, where to read on would lose clicks. */
function stop(...why: unknown[]): never {
  console.error(...why);
  process.exit(1);
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
