"""Counts the clicks on each link, every click once, and keeps the counts in a file.

    NATS_URL=nats://<name>:<password>@<host>:<port> python consumer.py counts.json
"""

import asyncio
import copy
import json
import os
import signal
import sys
from urllib.parse import urlsplit

import nats
from nats.aio.msg import Msg
from nats.errors import Error, TimeoutError
from nats.js import JetStreamContext

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
        """Counts a message.

        The new state is made aside, and is the state once it is kept: a message that was not counted must not look as
        if it had been.
        """
        position = message.metadata.sequence.stream
        # It was given to us before, and the broker never heard that we had it.
        if position <= self.state["position"]:
            return
        state = copy.deepcopy(self.state)
        state["position"] = position
        count(state, message)
        self._keep(state)
        self.state = state

    def _keep(self, state: dict) -> None:
        """Replaces the file in one step."""
        new = f"{self.path}.new"
        with open(new, "w", encoding="utf-8") as file:
            json.dump(state, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(new, self.path)
        # That the file has another name now stands in the folder, which a power failure must not take back either.
        folder = os.open(os.path.dirname(os.path.abspath(self.path)), os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def count(state: dict, message: Msg) -> None:
    # The other events of the stream say what a workspace does not count: clicks that come are counted here all the same.
    is_batch = (message.headers or {}).get("content-type") == BATCH
    if not is_batch or not is_new(state, message):
        return
    clicks = state["clicks"]
    for event in json.loads(message.data):
        link = event["data"]["link_id"]
        clicks[link] = clicks.get(link, 0) + 1


def is_new(state: dict, message: Msg) -> bool:
    """A producer that got no answer sends its message again, under the same number."""
    headers = message.headers or {}
    producer, batch = headers.get("millrace-producer"), headers.get("millrace-batch")
    if producer is None or batch is None:
        return True
    key, number = f"{message.subject} {producer}", int(batch)
    if number <= state["last"].get(key, -1):
        return False
    state["last"][key] = number
    return True


class Stop(Exception):
    """To read on would lose clicks."""


async def complain(error: Exception) -> None:
    print(f"the broker: {error!r}", file=sys.stderr)


async def read_for_ever(url: str, counts: Counts) -> None:
    name = urlsplit(url).username
    # It connects again for as long as it takes.
    client = await nats.connect(url, name=name, max_reconnect_attempts=-1, error_cb=complain)
    try:
        consumer = await client.jetstream(domain=DOMAIN).pull_subscribe_bind(consumer=name, stream=STREAM)
        while True:
            try:
                await read(consumer, counts)
            except Error as error:
                await complain(error)
                await asyncio.sleep(PAUSE_S)
    finally:
        await client.close()


async def read(consumer: JetStreamContext.PullSubscription, counts: Counts) -> None:
    info = await consumer.consumer_info()
    in_flight = info.config.max_ack_pending
    # With several messages under way, one that comes again may come after later ones, and would be passed over.
    if in_flight != 1:
        raise Stop(
            f"the consumer gives {in_flight} messages at once, and this program counts right with one alone: "
            "remove the consumer, and add it without --in-flight"
        )
    while True:
        try:
            # One at a time: the next comes when this one is acknowledged.
            messages = await consumer.fetch(1, timeout=EXPIRES_S)
        except TimeoutError:
            continue
        for message in messages:
            try:
                counts.take(message)
            except Exception as error:
                raise Stop(f"a message could not be counted: {error!r}") from error
            await message.ack()


async def main() -> None:
    reading = asyncio.create_task(read_for_ever(os.environ["NATS_URL"], Counts(sys.argv[1])))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, reading.cancel)
    try:
        await reading
    except asyncio.CancelledError:
        pass
    except Stop as stop:
        sys.exit(str(stop))


if __name__ == "__main__":
    asyncio.run(main())
