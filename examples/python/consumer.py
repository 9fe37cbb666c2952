"""Counts the clicks on each link, every click once, and keeps the counts in a file.

    NATS_URL=nats://<name>:<password>@<host>:<port> python consumer.py counts.json
"""

import asyncio
import json
import os
import signal
import sys
from urllib.parse import urlsplit

import nats
from nats.aio.msg import Msg
from nats.errors import Error, TimeoutError

STREAM = "CLICKS"
DOMAIN = "millrace"
BATCH = "application/cloudevents-batch+json"
# How long a request waits for a message; the broker allows a minute.
EXPIRES_S = 30
PAUSE_S = 1


class Counts:
    """What was made of the messages, and how far they were read: kept together, so that one never goes without the other."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.state = {"position": 0, "last": {}, "clicks": {}}
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                self.state = json.load(file)

    def take(self, message: Msg) -> None:
        position = message.metadata.sequence.stream
        # It was given to us before, and the broker never heard that we had it.
        if position <= self.state["position"]:
            return
        self.state["position"] = position
        # The other events of the stream say what a workspace does not count: clicks that come are counted here all the same.
        is_batch = (message.headers or {}).get("content-type") == BATCH
        if is_batch and self._is_new(message):
            clicks = self.state["clicks"]
            for event in json.loads(message.data):
                link = event["data"]["link_id"]
                clicks[link] = clicks.get(link, 0) + 1
        self._keep()

    def _is_new(self, message: Msg) -> bool:
        """A producer that got no answer sends its message again, under the same number."""
        headers = message.headers or {}
        producer, batch = headers.get("millrace-producer"), headers.get("millrace-batch")
        if producer is None or batch is None:
            return True
        key, number = f"{message.subject} {producer}", int(batch)
        if number <= self.state["last"].get(key, -1):
            return False
        self.state["last"][key] = number
        return True

    def _keep(self) -> None:
        new = f"{self.path}.new"
        with open(new, "w", encoding="utf-8") as file:
            json.dump(self.state, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, self.path)


async def complain(error: Exception) -> None:
    print(f"the broker: {error!r}", file=sys.stderr)


async def read(url: str, counts: Counts) -> None:
    name = urlsplit(url).username
    # It connects again for as long as it takes.
    client = await nats.connect(url, name=name, max_reconnect_attempts=-1, error_cb=complain)
    try:
        consumer = await client.jetstream(domain=DOMAIN).pull_subscribe_bind(consumer=name, stream=STREAM)
        while True:
            try:
                # One at a time: the next comes when this one is acknowledged.
                for message in await consumer.fetch(1, timeout=EXPIRES_S):
                    counts.take(message)
                    await message.ack()
            except TimeoutError:
                continue
            except Error as error:
                await complain(error)
                await asyncio.sleep(PAUSE_S)
    finally:
        await client.close()


async def main() -> None:
    reading = asyncio.create_task(read(os.environ["NATS_URL"], Counts(sys.argv[1])))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, reading.cancel)
    try:
        await reading
    except asyncio.CancelledError:
        pass


if __name__ == "__main__":
    asyncio.run(main())
