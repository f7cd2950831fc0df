"""A schedule: a seed decides what is sent, who works on it, whose step is next and what goes wrong.

First everybody works and faults happen: producer, one or two pollers with the consumer, a stray redelivery, the
sensor and its runs, a second builder, upkeep, an erasure, a reader. Then all is quiet: what was begun is ended, the
sensor looks again hour by hour until nothing is stale, and the oracle compares.

Not here: turns (turns.py), faults (faults.py), the truth and the comparison (sent_events.py, oracle.py).
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from botocore.exceptions import ClientError

from lambdas.kinesis_consumer.handler import consume
from lambdas.mock_server.delivery import DeliveryError, deliver
from socialsent_assets.defs.reconciliation import Memory, plan
from socialsent_assets.domain.events.erasure import ErasedIds
from socialsent_assets.domain.events.layout import EventHour
from socialsent_assets.domain.tables import CLEANSED_EVENTS
from socialsent_assets.erasure.landing import erase_landing, with_own_texts
from socialsent_assets.erasure.request import ErasureRequest, finish, keep, pending, together
from socialsent_assets.erasure.tables import forget_history
from socialsent_assets.jobs.cleanse import cleanse
from socialsent_assets.jobs.engines.process import ProcessEngine
from socialsent_assets.jobs.score import score
from socialsent_assets.lake.builds import read_builds
from socialsent_assets.lake.erasure_ledger import add_to_ledger, consulted_ledger, ledger_folder, wait_for_writers
from socialsent_assets.lake.iceberg.commit import CommitConflictError
from socialsent_assets.lake.iceberg.scan import SnapshotExpiredError
from socialsent_assets.lake.lake import Lake
from socialsent_assets.lake.staleness import hours_with_work, known_hours, stale_hours
from socialsent_assets.lake.upkeep import keep_up
from socialsent_assets.local_aws.event_source_mapping import KinesisEventSourceMapping, MappingOptions
from socialsent_assets.simulator.feed import FeedRecord
from tests.faults.fake_stream import FakeStream
from tests.faults.faults import EVERY_KIND, ExecutorLostError, Faults, FunctionKilledError
from tests.faults.faulty_lake import LakeUnderTest, product_on
from tests.faults.marts_in_memory import MartsInMemory
from tests.faults.oracle import (
    Deliveries,
    Erasure,
    Seen,
    Violation,
    check_end,
    check_marts_reader,
    check_reader,
    pinned_events,
    traces,
)
from tests.faults.sent_events import Sent, made_up
from tests.faults.turns import HungError, Killed, Lock, Turns

START = datetime(2026, 1, 1, tzinfo=UTC)
STREAM = "feed"
FAILS = (OSError, CommitConflictError, SnapshotExpiredError, ExecutorLostError)
"""What may end a run: the next one heals it. Anything else is a defect."""

QUIET_TICKS = 40
"""Looks of the sensor, an hour apart, after which nothing may be stale; failed hours wait for an hour at most."""

_BASES = ("2026-11-22-09:00", "2026-11-22-22:00", "2026-11-30-22:00")


@dataclass
class Run:
    """A run of the graph, as Dagster keeps it."""

    hours: Sequence[EventHour]
    status: str = "queued"


@dataclass
class Outcome:
    """What became of a schedule: `violation` is empty where every promise held."""

    seed: int
    violation: str
    kind: str
    steps: int
    events: int
    faults: Counter[str] = field(default_factory=Counter)
    is_real: bool = False


Bug = Callable[[Lake], AbstractContextManager[None]]


def run_schedule(
    seed: int, *, is_real: bool = False, trace: Callable[[str], None] | None = None, bug: Bug | None = None
) -> Outcome:
    """One schedule to its end, with a bug in the product if one is given."""
    root = Path(tempfile.mkdtemp(prefix=f"socialsent-faults-{seed}-", dir=_fast_folder()))
    schedule = Schedule(seed, root, is_real=is_real, trace=trace)
    violation, kind = "", ""
    try:
        planted = nullcontext() if bug is None else bug(schedule.lake)
        with product_on(schedule.under_test), planted:
            schedule.run()
    except Violation as error:
        violation, kind = str(error), error.kind
    except HungError as error:
        violation, kind = f"hung: {error}", "hung"
    finally:
        schedule.under_test.close()
        shutil.rmtree(root, ignore_errors=True)
    happened: Counter[str] = Counter()
    for (_, fault), count in schedule.faults.happened.items():
        happened[fault] += count
    return Outcome(seed, violation, kind, schedule.turns.steps, len(schedule.sent.events), happened, is_real)


def _fast_folder() -> str | None:
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() else None


class Schedule:
    """One seed's world."""

    def __init__(self, seed: int, root: Path, *, is_real: bool, trace: Callable[[str], None] | None) -> None:
        self.seed, self.chance = seed, Random(f"schedule {seed}")
        chance = self.chance
        base = EventHour.from_key(chance.choice(_BASES)).start
        self.hours = [EventHour(base + timedelta(hours=number)) for number in range(chance.randint(1, 3))]
        now = self.hours[-1].end - timedelta(minutes=chance.choice([1, 40, -10]))
        self.turns = Turns(chance, now, trace)
        kinds = frozenset(kind for kind in EVERY_KIND if chance.random() < 0.6)
        rate, most = chance.choice([0.01, 0.03, 0.1, 0.3]), chance.choice([0, 2, 5, 10, 20])
        self.faults = Faults(self.turns, chance, kinds, rate, most)
        self.sent: Sent = made_up(chance, seed, self.hours, chance.choice([3, 6, 12, 24]))
        by_column = is_real or chance.random() < 0.2
        is_one_machine = chance.random() < 0.6
        self.under_test = LakeUnderTest(
            self.faults, root, is_real=is_real, by_column=by_column, is_one_machine=is_one_machine
        )
        self.lake, self.landing = self.under_test.lake, self.under_test.landing
        self.marts_lock = Lock(self.turns)
        self.marts = MartsInMemory(self.lake, self.faults, self.marts_lock)
        self.stream = FakeStream(self.faults, chance.choice([1, 1, 2, 3]), chance.choice([0.0, 2.0, 600.0]))
        self.deliveries = Deliveries()
        self.holds = {record.raw: record.holds for record in self.sent.records}
        self.mappings: dict[str, KinesisEventSourceMapping] = {}
        self.runs: list[Run] = []
        self.memory = Memory()
        self.ticks_left: list[list[FeedRecord]] = self._ticks()
        self.open_work = 0
        self.erasure = Erasure()
        self.request: ErasureRequest | None = None
        self.is_erased = False
        self.seen_in_lake, self.seen_in_marts = Seen(), Seen()
        self._run_ids = 0

    def run(self) -> None:
        """Everything, then the comparison."""
        chance, turns = self.chance, self.turns
        turns.note(
            f"{len(self.sent.records)} records, {[str(hour) for hour in self.hours]}, {sorted(self.faults.kinds)}"
        )
        self._process("producer", self._produce)
        for number in range(chance.choice([1, 1, 2])):
            self._process(f"poller {number}", partial(self._poll, f"poller {number}"))
        self._service("sensor", self._look)
        self._service("runner", self._run_next)
        if chance.random() < 0.4:
            self._service("builder", self._materialize)
        if chance.random() < 0.5:
            self._service("reader", self._read)
        if chance.random() < 0.25:
            self._service("upkeep", self._keep_up)
        if chance.random() < 0.3:
            self._process("redelivery", self._redeliver)
        if chance.random() < 0.3 and self.sent.events:
            self._process("eraser", self._erase_later)
        turns.run()
        self.faults.stop()
        self._be_quiet()
        records = [record["Data"] for _, record in self.stream.records]
        positions = sum(1 for raw in records for one in self.holds[raw] if one is None)
        stores = self.under_test.stores
        check_end(self.lake, stores["landing"], self.marts, self.sent, self.deliveries, self.erasure, positions)

    # ------------------------------------------------------------------------------------------------ actors

    def _process(self, name: str, work: Callable[[], None]) -> None:
        """An actor with an end: killed, it is started again, as a supervisor or a person does."""
        self.open_work += 1

        def body() -> None:
            try:
                work()
            except Killed:
                self.turns.note("is started again")
                self.turns.start(name, body)
                return
            self.open_work -= 1

        self.turns.start(name, body)

    def _service(self, name: str, look: Callable[[], None]) -> None:
        """An actor that looks again and again, until all others have ended."""

        def body() -> None:
            try:
                while self.open_work:
                    try:
                        look()
                    except FAILS as error:
                        self.turns.note(f"fails: {type(error).__name__}: {error}")
                    self.turns.sleep(self.chance.uniform(20, 240))
            except Killed:
                self.turns.start(name, body)

        self.turns.start(name, body)

    def _ticks(self) -> list[list[FeedRecord]]:
        records = [
            FeedRecord(raw=record.raw, about=record.about, arrived_at=self.turns.now) for record in self.sent.records
        ]
        cuts = sorted(self.chance.randrange(len(records) + 1) for _ in range(self.chance.choice([0, 1, 3])))
        return [records[start:end] for start, end in zip([0, *cuts], [*cuts, len(records)], strict=True)]

    def _produce(self) -> None:
        while self.ticks_left:
            try:
                deliver(self.ticks_left[0], STREAM, self.stream, self.chance, self.turns.sleep)
            except DeliveryError:
                self.turns.sleep(60)  # the schedule's own retry: the same records again
                continue
            self.ticks_left.pop(0)
            if self.chance.random() < 0.2:
                self.stream.split()
            self.turns.sleep(self.chance.uniform(1, 120))

    def _mapping(self) -> KinesisEventSourceMapping:
        options = MappingOptions(
            batch_size=self.chance.choice([1, 2, 3, 10, 100]),
            bisect_batch_on_function_error=self.chance.random() < 0.6,
            maximum_retry_attempts=100_000,
        )
        return KinesisEventSourceMapping(self.stream, STREAM, self._handle, options, clock=lambda: self.turns.now)

    def _poll(self, name: str) -> None:
        mapping = self.mappings[name] = self._mapping()
        while True:
            was_last = not self.ticks_left
            try:
                read = mapping.poll_once(flush=was_last or self.chance.random() < 0.5)
            except ClientError:
                self.turns.sleep(1)
                continue
            if was_last and not read:
                return
            self.turns.sleep(self.chance.uniform(0.2, 10))

    def _handle(self, event: dict[str, Any], _context: object) -> dict[str, Any]:
        """The function, as the feed of one machine calls it."""
        self.deliveries.add(event["Records"], self.holds)
        with consulted_ledger(self._erasures) as erased:
            done = consume(event, self.landing, START, erased)
        with self.faults.around("answer", f"answers {len(event['Records'])} records"):
            return {"batchItemFailures": [{"itemIdentifier": number} for number in done.failed]}

    def _redeliver(self) -> None:
        """Batches that were delivered come again, cut in another way, and an older one after a newer one."""
        for _ in range(self.chance.randint(1, 3)):
            self.turns.sleep(self.chance.uniform(10, 300))
            by_shard: dict[str, list[Any]] = {}
            for shard, record in self.stream.records:
                by_shard.setdefault(shard, []).append(record)
            if not by_shard:
                continue
            shard, records = self.chance.choice(sorted(by_shard.items(), key=lambda item: item[0]))
            first = self.chance.randrange(len(records))
            part = records[first : first + self.chance.randint(1, 8)]
            mapping = next(iter(self.mappings.values()))
            event = {"Records": [mapping._as_event_record(shard, record) for record in part]}
            try:
                self._handle(event, None)
            except (FunctionKilledError, *FAILS):
                continue

    def _look(self) -> None:
        """The sensor: what is stale is queued."""
        in_flight = [hour for run in self.runs if run.status in ("queued", "started") for hour in run.hours]
        decided = plan(
            self.lake, self.marts.versions(), self.turns.now, self.memory, in_flight, lambda: self._failed()
        )
        self.memory = Memory.from_json(decided.memory.to_json())
        for hours in decided.runs:
            self.turns.note(f"requests {[str(hour) for hour in hours]}")
            self.runs.append(Run(hours))

    def _failed(self) -> set[EventHour]:
        newest: dict[EventHour, bool] = {}
        for run in reversed([run for run in self.runs if run.status in ("done", "failed")][-20:]):
            for hour in run.hours:
                newest.setdefault(hour, run.status == "failed")
        return {hour for hour, has_failed in newest.items() if has_failed}

    def _run_next(self) -> None:
        run = next((run for run in self.runs if run.status == "queued"), None)
        if run is None:
            return
        run.status = "started"
        try:
            self._build(run.hours)
            run.status = "done"
        finally:
            if run.status != "done":
                run.status = "failed"

    def _build(self, hours: Collection[EventHour]) -> None:
        """A run of the graph: cleanse, score, marts."""
        self._run_ids += 1
        name = f"run-{self._run_ids}"
        for job in (cleanse, score):
            self._job(job, hours, name)
        self.marts.build(hours)

    def _job(self, job: Callable[..., Any], hours: Collection[EventHour], name: str) -> None:
        wanted = hours_with_work(self.lake, hours)
        self.turns.note(f"{job.__name__} of {[str(hour) for hour in wanted]}")
        if wanted:
            job(ProcessEngine(workers=1), self.lake, wanted, name)
        self.turns.note(f"{job.__name__} ended")

    def _materialize(self) -> None:
        """Another process that builds whatever is stale, unless nothing is."""
        known = known_hours(self.lake)
        stale = stale_hours(self.lake, known, self.marts.versions())
        if stale:
            self._build(sorted(stale))

    def _keep_up(self) -> None:
        keep_up(self.lake, self.turns.now, timedelta(minutes=self.chance.choice([0, 5, 1440])))

    def _read(self) -> None:
        """A slow reader: what it sees belongs together, however long it takes."""
        builds = read_builds(self.lake)
        check_reader(self.lake, builds)
        self.seen_in_lake.check("cleansed", pinned_events(self.lake, builds), self.erasure)
        check_marts_reader(self.marts)
        found = {row["event_id"] for table in CLEANSED_EVENTS for row in self.marts.rows(table.name)}
        self.seen_in_marts.check("the marts", found, self.erasure)

    # ------------------------------------------------------------------------------------------------ erasure

    @property
    def _erasures(self) -> Path | None:
        return ledger_folder(self.lake.landing.uri)

    def _erase_later(self) -> None:
        if self.request is None:
            self.turns.sleep(self.chance.uniform(1, 400))
            event = self.chance.choice(sorted(self.sent.events.values(), key=lambda one: one.event_id))
            users = [event.data[name] for name in ("author_id", "user_id", "actor_id") if name in event.data]
            texts = [event.data[name] for name in ("comment_id", "post_id", "interaction_id") if name in event.data]
            if not users and not texts:
                return
            is_user = bool(users) and (not texts or self.chance.random() < 0.6)
            identity = users[0] if is_user else texts[0]
            self.erasure = Erasure.of(self.sent, identity, is_user=is_user)
            ids = ErasedIds(frozenset(users[:1])) if is_user else ErasedIds(texts=frozenset(texts[:1]))
            self.request = ErasureRequest(ids)
            self.turns.note(f"erases {identity}")
        try:
            self._erase()
        except FAILS as error:
            self.turns.note(f"fails: {error}")

    def _erase(self) -> bool:
        """The steps of `socialsent erase`; whether nothing is left."""
        folder = self._erasures
        assert folder is not None
        assert self.request is not None
        asked = together(pending(folder)) | self.request
        request = with_own_texts(self.lake.landing, asked)
        keep(folder, request)
        self.turns.step("keeps the request")
        add_to_ledger(folder, request.ids, self.turns.now, "")
        self.turns.step("enters the ledger")
        wait_for_writers(folder)
        for _ in range(3):
            erase_landing(self.lake.landing, request)
            self._materialize()
            forget_history(self.lake, request.needles())
            self._forget_marts()
            if not traces(self.lake, self.lake.landing, request.needles()):
                finish(folder)
                self.is_erased = True
                return True
        return False

    def _forget_marts(self) -> None:
        if self.marts.content:
            self.marts.build(sorted({hour for rows in self.marts.content.values() for hour in rows}))

    # ------------------------------------------------------------------------------------------------ the end

    def _be_quiet(self) -> None:
        """No faults any more: every process goes on where it is, one after the other."""
        self.turns.note("-- quiet")
        if self.request is not None and not self.is_erased and not self._erase() and not self._erase():
            raise Violation("kept", f"{self.erasure.identity} cannot be erased")
        for run in self.runs:
            if run.status == "started":
                run.status = "failed"
        for _ in range(QUIET_TICKS):
            self._look()
            while any(run.status == "queued" for run in self.runs):
                self._run_next()
            if not stale_hours(self.lake, known_hours(self.lake), self.marts.versions()):
                return
            self.turns.sleep(3600)
        stale = stale_hours(self.lake, known_hours(self.lake), self.marts.versions())
        raise Violation("hung", f"stale after {QUIET_TICKS} looks: { {str(h): tier for h, tier in stale.items()} }")
