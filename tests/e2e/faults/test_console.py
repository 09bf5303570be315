"""The page of `ingest console` in a real browser: what failed, why, and its cure."""

import http.client
import json
import re
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from starlette.testclient import TestClient

from functions.domain.failures import Cure
from functions.domain.service_failures import explain
from local import server
from local.decisions import Decisions
from ops.console.app import make_app
from ops.console.guard import HEADERS, Secrets
from ops.console.job_page import TABS
from ops.model import deployment
from ops.model.deployment import Deployment
from tests.e2e.faults import browsing
from tests.e2e.faults.cases import CASES, Case
from tests.e2e.faults.world import FaultyDeployment
from tests.e2e.held import JobRecord
from tests.e2e.waiting import eventually

needs_a_browser = pytest.mark.skipif(
    browsing.CHROMIUM is None,
    reason="the console in a real browser was left out: there is no Chromium "
    "(apt-get install chromium)",
)
MILLISECONDS = 120_000
"""Of patience; the page itself is live within two seconds."""
BRIEF = {
    ("access denied", "LoadSegment: read the range"),
    ("access denied", "VerifyLoad: read the segments"),
}
WITHOUT_SCRIPT = ("access denied", "VerifyLoad: read the segments")
LONG = {
    ("access denied", "ResolveJob: find the job"),
    ("deleted object", "ResolveJob: look at the results object"),
    ("throttle storm", "PlanRanges: note the ranges in the claim"),
    ("lost responses", "LoadSegment: write transactions"),
    ("task time-out", "VerifyLoad: call VerifyLoad"),
    ("access denied", "MigrateImages: copy the image"),
    ("exception", "LoadRanges: read the list of ranges"),
    ("throttle storm", "SettleJob: call SettleJob"),
}


def _params() -> Iterator[Any]:
    for case in CASES:
        fault = case.fault, case.where
        if fault in BRIEF | LONG:
            marks = [pytest.mark.slow] if fault in LONG else []
            marks += [pytest.mark.without_script] if fault == WITHOUT_SCRIPT else []
            yield pytest.param(case, id=case.id, marks=marks)


@pytest.fixture(scope="module")
def keys(world: FaultyDeployment) -> Iterator[Secrets]:
    with browsing.served(world.deployed, acts=True) as keys:
        yield keys


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    # The library's own patience is 5 s.
    expect.set_options(timeout=MILLISECONDS)
    with browsing.browser() as found:
        yield found


@pytest.fixture
def page(request: pytest.FixtureRequest, chromium: Browser, keys: Secrets) -> Iterator[Page]:
    """A page that has opened the printed address; nothing that it must not do goes unseen."""
    context = chromium.new_context(
        viewport={"width": 1280, "height": 900},
        java_script_enabled="without_script" not in request.keywords,
    )
    page = context.new_page()
    page.set_default_timeout(MILLISECONDS)
    home = f"http://127.0.0.1:{keys.port}"
    watched = browsing.Watched(page, home=home)
    page.goto(keys.address)
    expect(page.locator("h1")).to_have_text("Jobs")
    yield page
    context.close()
    assert watched.errors == []
    assert watched.elsewhere == []


def _failed(world: FaultyDeployment, case: Case) -> tuple[Any, Any, str]:
    batch = world.new_batch()
    with world.fault(*case.before, **case.rule):
        upload = world.deliver(batch)
        arn = world.execution_of(batch)
        assert world.until_ended(arn) == "FAILED"
        eventually(lambda: world.job_status(batch) == "FAILED", "the job's record says so")
    return batch, upload, arn


def test_there_are_ten_faults() -> None:
    assert len(list(_params())) == 10


@needs_a_browser
@pytest.mark.parametrize("case", list(_params()))
def test_a_person_finds_in_two_clicks_what_failed_and_why_and_cures_it(
    world: FaultyDeployment, page: Page, case: Case, request: pytest.FixtureRequest
) -> None:
    page.goto("about:blank")
    batch, upload, arn = _failed(world, case)
    explanation = explain(case.error)
    assert explanation.cure is Cure.REDRIVE
    page.go_back()

    row = page.locator(f'tr[id="job-{batch.job.job_id}"]')
    expect(row.locator(".pill")).to_have_text("Failed")
    expect(row.locator(".why")).to_contain_text(explanation.meaning.rstrip("."))
    expect(row.locator(".why")).to_contain_text(case.error)
    row.locator("a.id").click()

    expect(page.locator("#h-verdict")).to_have_text(explanation.meaning.rstrip("."))
    expect(page.locator("#verdict code").first).to_have_text(case.error)
    expect(page.locator("#verdict")).to_contain_text(arn.rpartition(":")[2])
    expect(page.locator(f"#state-{case.state}")).to_have_attribute("data-s", "failed")
    page.click("#act")

    question = page.locator("#question" if "without_script" in request.keywords else "#ask")
    expect(question).to_contain_text(f"Redrive 1 execution on {world.deployed.place}?")
    expect(question).to_contain_text(batch.job.job_id)
    expect(question).to_contain_text(f"{case.state}, and what follows it")
    question.get_by_role("button", name="Redrive").click()

    # Nothing is loaded again by hand: the page says by itself how it ended.
    expect(page.locator("#status")).to_have_text("Completed")
    expect(page.locator("#verdict")).to_contain_text("after 1 redrive")
    assert world.until_ended(arn) == "SUCCEEDED"
    assert world.differences(batch, upload) == []


@needs_a_browser
def test_hostile_names_are_shown_and_not_obeyed(world: FaultyDeployment, page: Page) -> None:
    names = ["job-<script>document.title='x'<", "job-&lt;b>\u202egnp.exe", 'job-"onload=alert(1)']
    for job_id in names:
        JobRecord(job_id=job_id).write(world.deployed, status="SUBMITTED")
    for job_id in names:
        shown = job_id.replace("\u202e", "\\u202e")
        link = page.get_by_role("link", name=shown, exact=True)
        expect(link).to_have_count(1)
        link.click()
        expect(page.locator("h1")).to_have_text(shown)
        expect(page).to_have_title(re.compile(r".* · Batch Ingest"))
        page.go_back()


@needs_a_browser
def test_it_can_be_read_at_400_percent_and_used_by_keyboard(
    world: FaultyDeployment, page: Page
) -> None:
    batch = world.new_batch()
    world.deliver(batch)
    assert world.until_ended(world.execution_of(batch)) == "SUCCEEDED"
    expect(page.locator(f'tr[id="job-{batch.job.job_id}"] .pill')).to_have_text("Completed")
    page.set_viewport_size({"width": 320, "height": 640})
    width = "document.documentElement.scrollWidth"
    assert page.evaluate(width) <= 320
    page.keyboard.press("/")
    page.keyboard.type(batch.job.job_id)
    expect(page.locator(".jobs .id")).to_have_count(1)
    page.keyboard.press("Tab")
    expect(page.locator(".jobs .id")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#h-object")).to_be_visible()
    for role in ("banner", "main", "contentinfo"):
        expect(page.get_by_role(role)).to_have_count(1)
    expect(page.get_by_role("heading", level=1)).to_have_text(batch.job.job_id)
    expect(page.get_by_role("table")).not_to_have_count(0)
    assert page.evaluate(width) <= 320
    for tab in ("Images", "Transactions", "Messages", "Claims"):
        page.get_by_role("navigation", name="What came of it").get_by_text(tab).click()
        expect(page.locator("#what [aria-current=page]")).to_contain_text(tab)
        assert page.evaluate(width) <= 320


@needs_a_browser
def test_transactions_and_texts_are_shown_when_asked_for(
    world: FaultyDeployment, page: Page
) -> None:
    batch = world.new_batch()
    world.deliver(batch)
    assert world.until_ended(world.execution_of(batch)) == "SUCCEEDED"
    merchant = next(iter(batch.receipts.values())).merchant
    page.goto(f"http://{_host(page)}/job/{batch.job.job_id}?tab=transactions")
    expect(page.locator("#what")).to_contain_text("personal data")
    assert merchant not in page.content()
    page.get_by_role("link", name="Show transactions").click()
    expect(page.locator("#what")).to_contain_text(merchant)
    with page.expect_download() as download:
        page.get_by_role("link", name="All as CSV").click()
    lines = download.value.path().read_text("utf-8").splitlines()
    assert len(lines) == len(batch.receipts) + 1
    assert "userId" not in lines[0]


def _host(page: Page) -> str:
    return page.url.split("/")[2]


def test_over_the_wire_it_answers_its_owner_alone(world: FaultyDeployment) -> None:
    with browsing.served(world.deployed, acts=False) as keys:

        def ask(path: str, *, method: str = "GET", **headers: str) -> http.client.HTTPResponse:
            return _asked(keys, path, method=method, headers=headers)

        for path in ("/", "/static/console.js", "/events?feed=jobs", "/job/x", "/nothing"):
            answer = ask(path)
            assert answer.status == 403
            assert answer.headers["Content-Security-Policy"] == HEADERS["Content-Security-Policy"]
        cookie = ask(f"/?token={keys.token}").headers["Set-Cookie"].partition(";")[0]
        assert ask("/", Cookie=cookie).status == 200
        assert ask("/", Cookie=cookie, Host="evil.example").status == 421
        assert ask("/", Cookie=cookie, Origin="http://evil.example").status == 403
        assert ask("/job/no-such-job", Cookie=cookie).status == 404
        # Without --act there is nothing to ask, and nothing to do.
        here = {"Cookie": cookie, "Origin": f"http://127.0.0.1:{keys.port}"}
        for act in ("redrive", "replay", "resubmit", "tidy"):
            assert ask(f"/{act}/x", Cookie=cookie).status == 404
            assert ask(f"/{act}/x", method="POST", **here).status == 404


def test_a_form_of_another_origin_does_nothing(world: FaultyDeployment, keys: Secrets) -> None:
    batch = world.new_batch()
    cookie = f"{keys.cookie_name}={keys.cookie}"
    here = f"http://127.0.0.1:{keys.port}"
    for headers, form, status in (
        ({"Origin": "http://evil.example", "Cookie": cookie}, keys.form, 403),
        ({"Cookie": cookie}, keys.form, 403),
        ({"Origin": here}, keys.form, 403),
        ({"Origin": here, "Cookie": cookie}, "guessed", 409),
    ):
        answer = _asked(
            keys,
            f"/replay/{batch.job.job_id}",
            method="POST",
            headers=headers,
            body=f"form={form}",
        )
        assert answer.status == status


def test_events_come_while_somebody_looks(world: FaultyDeployment, keys: Secrets) -> None:
    cookie = f"{keys.cookie_name}={keys.cookie}"
    connection = http.client.HTTPConnection("127.0.0.1", keys.port, timeout=60)
    with closing(connection):
        connection.request("GET", "/events?feed=jobs", headers={"Cookie": cookie})
        with connection.getresponse() as answer:
            assert answer.headers["Content-Type"].startswith("text/event-stream")
            assert answer.readline() == b"event: read\n"
            JobRecord().write(world.deployed, status="SUBMITTED")
            while answer.readline() != b"event: changed\n":
                pass


def _asked(
    keys: Secrets, path: str, *, method: str, headers: dict[str, str], body: str | None = None
) -> http.client.HTTPResponse:
    with closing(http.client.HTTPConnection("127.0.0.1", keys.port, timeout=60)) as connection:
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        answer.read()
        return answer


def _policy(deployed: Deployment) -> str:
    """The policy of docs/console.md, for this stack."""
    page = (server.PROJECT / "docs" / "console.md").read_text("utf-8")
    policy = page.split("```json\n")[1].split("```")[0]
    account = deployed.state_machine.split(":")[4]
    for name, value in (
        ("REGION", deployed.region),
        ("ACCOUNT", account),
        ("BUCKET", deployed.bucket),
    ):
        policy = policy.replace(name, value)
    return policy


def _as_reader(deployed: Deployment) -> tuple[Deployment, str]:
    """The deployment with the credentials of a role that has the documented policy alone."""
    iam, role = deployed.make_client("iam"), f"console-reader-{uuid.uuid4().hex[:8]}"
    account = deployed.state_machine.split(":")[4]
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": account}, "Action": "sts:AssumeRole"}
        ],
    }
    made = iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(trust))
    iam.put_role_policy(RoleName=role, PolicyName="read", PolicyDocument=_policy(deployed))
    session = deployed.make_client("sts").assume_role(
        RoleArn=made["Role"]["Arn"], RoleSessionName="test"
    )["Credentials"]
    assert deployed.embedded is not None
    endpoint = replace(
        deployed.embedded.endpoint,
        access_key_id=session["AccessKeyId"],
        secret_access_key=session["SecretAccessKey"],
        session_token=session["SessionToken"],
    )
    found = deployment.on_embedded(replace(deployed.embedded, endpoint=endpoint))
    return found, role


def test_the_documented_policy_is_enough_and_each_grant_of_it_is_used(
    world: FaultyDeployment,
) -> None:
    (denied,) = (
        case
        for case in CASES
        if (case.fault, case.where) == ("access denied", "LoadSegment: read the range")
    )
    failed, _, _ = _failed(world, denied)
    done, waiting = world.new_batch(), world.new_batch()
    world.deliver(done)
    assert world.until_ended(world.execution_of(done)) == "SUCCEEDED"
    deployed, role = _as_reader(world.deployed)
    keys = Secrets(80)
    client = TestClient(
        make_app(deployed, keys=keys, acts=False),
        base_url="http://127.0.0.1:80",
        headers={"Host": "127.0.0.1:80"},
        cookies={keys.cookie_name: keys.cookie},
    )

    def shown(path: str) -> None:
        answer = client.get(path)
        assert answer.status_code == 200, answer.text
        assert "Not read again" not in answer.text

    job = f"/job/{done.job.job_id}"
    # Without the messages: AWS keeps none, and the embedded AWS shows them to its owner alone.
    with client:
        for path in (
            "/",
            f"/job/{failed.job.job_id}",
            job,
            *(f"{job}?tab={tab}&personal=1" for tab in TABS if tab != "messages"),
            f"/transactions/{done.job.job_id}.csv",
        ):
            shown(path)
        with world.fault(caller="events", action="events:InvokeTarget", kind="throttle"):
            world.deliver(waiting)
            shown(f"/job/{waiting.job.job_id}")
    used = {use.action for use in Decisions(world.endpoint).uses() if use.principal == role}
    granted = {
        action
        for statement in json.loads(_policy(world.deployed))["Statement"]
        for action in _listed(statement["Action"])
    }
    assert used == granted


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
