"""Injected faults: which calls a fault fails, and that nothing has them uninvited."""

import pytest

from embedded_aws.faults.faults import Call, InjectedFault, InjectedFaults, UnknownFault

CALL = Call("Stack-WorkersLoadSegment-1", "dynamodb:PutItem", "/? attempt#000")


def _fault(**more: object) -> InjectedFault:
    return InjectedFault.from_json(
        {"caller": "*LoadSegment*", "action": "dynamodb:PutItem", "kind": "lost", **more}
    )


def test_a_rule_fails_the_calls_that_it_names_and_no_others() -> None:
    faults = InjectedFaults()
    faults.add(_fault(having=["attempt#"]))
    assert faults.meet(CALL) is not None
    assert faults.meet(Call("Stack-WorkersVerifyLoad-1", CALL.action, CALL.text)) is None
    assert faults.meet(Call(CALL.caller, "dynamodb:GetItem", CALL.text)) is None
    assert faults.meet(Call(CALL.caller, CALL.action, "/? segment#000")) is None


def test_the_nth_call_fails_as_often_as_is_said() -> None:
    faults = InjectedFaults()
    faults.add(_fault(skip=1, times=2))
    assert [faults.meet(CALL) is not None for _ in range(5)] == [False, True, True, False, False]


def test_calls_are_counted_until_the_rules_are_cleared() -> None:
    faults = InjectedFaults()
    fault = _fault()
    faults.add(fault)
    faults.meet(CALL)
    assert faults.as_json()["calls"] == [{"caller": CALL.caller, "action": CALL.action, "count": 1}]
    assert faults.in_force(fault)
    faults.clear()
    assert not faults.in_force(fault)
    assert faults.as_json() == {"faults": [], "calls": []}
    assert faults.meet(CALL) is None


@pytest.mark.parametrize(
    "wrong",
    [{"kind": "none such"}, {"nonsense": 1}, {"kind": "throttle", "action": "s3:GetObject"}],
)
def test_a_rule_that_could_do_nothing_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises((UnknownFault, TypeError)):
        _fault(**wrong)
