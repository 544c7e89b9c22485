"""A minute of everything at once: no job is lost, memory stays flat, no file stays open."""

import asyncio
import random
import time

import httpx
from worker import job, names_of
import pytest

pytestmark = pytest.mark.alone

JOBS = 200
STREAMS = 50
TERMINAL = {"complete": "[DONE]", "error": "[ERROR]", "cancelled": "[CANCELLED]"}


async def follow(client, job_id, chance, outcome):
    """Reads the job's stream; now and then leaves early and comes back with Last-Event-ID."""
    last, names = None, []
    while True:
        headers = {"Last-Event-ID": last} if last else {}
        async with client.stream("GET", f"/v1/jobs/{job_id}/stream", headers=headers) as response:
            if response.status_code == 204:  # it had left between the last event and the bare line behind it
                outcome[job_id] = (names[-1], TERMINAL[names[-1]])
                return
            assert response.status_code == 200
            event = {}
            async for line in response.aiter_lines():
                if line:
                    field, _, value = line.partition(": ")
                    event[field] = value
                    continue
                if "event" in event:
                    last = event["id"]
                    names.append(event["event"])
                elif "data" in event:
                    outcome[job_id] = (names[-1], event["data"])
                    return
                event = {}
                if chance.random() < 0.03:
                    break


async def round_of_jobs(url, count, chance):
    limits = httpx.Limits(max_connections=STREAMS + 20)
    outcome, places = {}, asyncio.Semaphore(STREAMS)
    async with httpx.AsyncClient(base_url=url, timeout=60, limits=limits) as client:

        async def one():
            async with places:
                fields = dict(steps=chance.randint(1, 12), count=chance.choice([1, 1, 2]), preview_every=chance.choice([0, 0, 1]),
                              priority=chance.randint(-10, 10), prompt=chance.choice(["x", "x", "x", "nan", "step-throw"]))
                while (answer := await client.post("/v1/jobs", json=job(**fields))).status_code == 429:
                    await asyncio.sleep(0.1)
                assert answer.status_code == 202, answer.text
                job_id = answer.json()["job_id"]
                outcome[job_id] = None
                if chance.random() < 0.2:
                    asyncio.get_running_loop().call_later(chance.random(), lambda: asyncio.ensure_future(client.delete(f"/v1/jobs/{job_id}")))
                await follow(client, job_id, chance, outcome)

        await asyncio.gather(*(one() for _ in range(count)))
    return outcome


def test_no_job_is_lost_and_nothing_leaks(start):
    worker = start("--kept-jobs", "200", FAKE_STEP_MS=10)
    chance = random.Random(4)
    for _ in range(2):  # until every pool and cache has its size
        asyncio.run(round_of_jobs(worker.url, JOBS, chance))
    settled, files = worker.resident_bytes(), worker.open_files()
    begin = time.monotonic()
    outcome = {}
    while time.monotonic() - begin < 20:
        outcome |= asyncio.run(round_of_jobs(worker.url, JOBS, chance))
    assert len(outcome) >= JOBS
    for job_id, end in outcome.items():
        assert end is not None and end[1].startswith(TERMINAL[end[0]]), (job_id, end)
    grown = worker.resident_bytes() / settled - 1
    assert grown < 0.05, f"memory grew by {100 * grown:.1f} % over {len(outcome)} jobs"
    deadline = time.monotonic() + 5
    while worker.open_files() > files:
        assert time.monotonic() < deadline, f"{worker.open_files()} files are open, {files} were"
        time.sleep(0.1)
    counts = {entry["state"] for entry in worker.client.get("/v1/jobs?limit=200").json()["jobs"]}
    assert not counts & {"queued", "running"}
    assert names_of(worker.stream(worker.submit()))[-1] == "complete"
