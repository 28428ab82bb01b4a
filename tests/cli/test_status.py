"""`status`: the service, and how far its rollout is, without more calls than that takes."""

from __future__ import annotations

from collections import Counter

from tests.cli.commands import Box, Cli, edit

BREAKER = '"deploymentCircuitBreaker": { "enable": true, "rollback": true },'
PAUSED = """"strategy": "BLUE_GREEN", "bakeTimeInMinutes": 1,
    "lifecycleHooks": [{"targetType": "PAUSE", "lifecycleStages": ["POST_TEST_TRAFFIC_SHIFT"],
                        "timeoutConfiguration": {"timeoutInMinutes": 60, "action": "CONTINUE"}}],"""


def operations(box: Box, before: int) -> Counter[str]:
    """Count the calls since then."""
    return Counter(call["operation"] for call in box.serving.calls()[before:])


def test_a_service_at_rest_takes_one_call_and_one_for_what_scales_it(cli: Cli, box: Box) -> None:
    before = len(box.serving.calls())
    ran = cli("status")
    assert (ran.code, ran.err) == (0, "")
    assert "Rollout:" not in ran.out
    assert "AutoScaling:" not in ran.out
    assert operations(box, before) == {"DescribeServices": 1, "DescribeScalableTargets": 1}


def test_a_rollout_that_waits_says_for_what(cli: Cli, box: Box) -> None:
    edit("ecs-service-def.json", BREAKER, PAUSED)
    paused = cli("apply", "--auto-approve", IMAGE_TAG="2.4.62")
    assert paused.code == 7, paused
    assert "POST_TEST_TRAFFIC_SHIFT, production traffic 0 %, test traffic 100 %" in paused.err
    said = [line for line in paused.err.splitlines() if line.startswith("service.") and "running" in line]
    assert len(said) == len(set(said))
    held = "a rollout of test-httpd:2 is paused at POST_TEST_TRAFFIC_SHIFT (2 of 2 tasks running); "
    assert held + "`reconciler continue` lets it go on\n" in cli("plan", IMAGE_TAG="2.4.62").out
    assert held + "applying now replaces it\n" in cli("plan", IMAGE_TAG="2.4.63").out
    before = len(box.serving.calls())
    ran = cli("status", IMAGE_TAG="2.4.62")
    assert (ran.code, ran.err) == (0, "")
    begun, stage, traffic, hook = ran.out[ran.out.index("Rollout:") :].splitlines()[:4]
    assert begun.startswith("Rollout: paused at POST_TEST_TRAFFIC_SHIFT, begun 20")
    assert stage.endswith("✓ scale up  ▶ POST_TEST_TRAFFIC_SHIFT  · production traffic  · bake  · clean up")
    assert "production ░░░░░░░░░░░░░░░░░░░░ 0 %   test ████████████████████ 100 %" in traffic
    assert "paused by a hook, goes on in " in hook
    assert operations(box, before) == {
        "DescribeServices": 1,
        "DescribeScalableTargets": 1,
        "ListServiceDeployments": 1,
        "DescribeServiceDeployments": 1,
    }


def test_what_may_not_be_read_is_said(cli: Cli, box: Box) -> None:
    box.serving.knobs(speed=0)
    assert cli("apply", "--auto-approve", "--no-wait", IMAGE_TAG="2.4.62").code == 0
    denied = {"code": "AccessDeniedException", "status": 400, "message": "not authorized to perform it"}
    box.serving.faults([
        {"operation": "DescribeServiceDeployments", **denied},
        {"operation": "DescribeScalableTargets", **denied},
    ])  # fmt: skip
    ran = cli("status", IMAGE_TAG="2.4.62")
    assert ran.code == 0
    assert "Rollout: in progress" in ran.out
    assert ran.err.startswith("Warning: ")
    assert "allow ecs:ListServiceDeployments" in ran.err
    assert "Warning: whether something scales the service is not known" in ran.err
