"""States and moves: nothing leads back to where something could be executed twice."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from gateway.approvals.ticket import (
    NEXT,
    MoveRefused,
    Ticket,
    TicketState,
    due,
    is_stale,
    move,
)
from tests.fakes.time import NOON

S = TicketState
TICKET = Ticket("a" * 32, S.OPENING, "{}", "", NOON, NOON + timedelta(hours=1))
states = st.sampled_from(S)


def test_every_state_says_where_it_leads() -> None:
    assert set(NEXT) == set(S)


@given(states, states)
def test_a_ticket_moves_only_where_its_state_leads(start: S, end: S) -> None:
    ticket = replace(TICKET, state=start)
    later = NOON + timedelta(seconds=1)
    if end in NEXT[start]:
        moved = move(ticket, end, later, "why")
        assert (moved.state, moved.since, moved.reason) == (end, later, "why")
        assert (moved.sealed, moved.seal, moved.id) == (ticket.sealed, ticket.seal, ticket.id)
    else:
        with pytest.raises(MoveRefused):
            move(ticket, end, later)


def reachable(start: S) -> set[S]:
    found: set[S] = set()
    waiting = [start]
    while waiting:
        for state in NEXT[waiting.pop()] - found:
            found.add(state)
            waiting.append(state)
    return found


@pytest.mark.parametrize("state", [state for state in S if state.ended])
def test_no_end_leads_to_an_execution(state: S) -> None:
    assert reachable(state) <= {S.DONE}


def test_once_it_executes_it_never_executes_again() -> None:
    assert S.EXECUTING not in reachable(S.EXECUTING)


def test_nothing_is_executed_without_an_approval() -> None:
    before = {state for state in S if S.EXECUTING in NEXT[state]}
    assert before == {S.CLAIMED}
    assert {state for state in S if S.CLAIMED in NEXT[state]} == {S.APPROVED, S.CLAIMED}
    assert {state for state in S if S.APPROVED in NEXT[state]} == {S.DECIDING, S.CLAIMED}
    assert {state for state in S if S.DECIDING in NEXT[state]} == {S.PENDING}


def test_every_state_comes_to_an_end() -> None:
    for state in S:
        assert state.ended or any(end.ended for end in reachable(state))


class Life(RuleBasedStateMachine):
    """A ticket pushed about at random."""

    def __init__(self) -> None:
        super().__init__()
        self.ticket = TICKET
        self.past: list[S] = [S.OPENING]

    @rule(state=states)
    def push(self, state: S) -> None:
        try:
            self.ticket = move(self.ticket, state, self.ticket.since + timedelta(seconds=1))
        except MoveRefused:
            return
        self.past.append(state)

    @invariant()
    def executes_at_most_once_and_only_approved(self) -> None:
        assert self.past.count(S.EXECUTING) <= 1
        if S.EXECUTING in self.past:
            before = self.past[: self.past.index(S.EXECUTING)]
            assert S.APPROVED in before
            assert not any(state.ended for state in before)

    @invariant()
    def is_decided_at_most_once(self) -> None:
        assert self.past.count(S.DECIDING) <= 1
        assert not {S.APPROVED, S.REJECTED} <= set(self.past)


TestLife = Life.TestCase


@given(states, st.integers(0, 2))
def test_a_ticket_is_looked_at_some_time_and_not_before_it_was_moved(state: S, kept: int) -> None:
    ticket = replace(TICKET, state=state, kept=kept)
    assert due(ticket) >= ticket.since


@pytest.mark.parametrize("state", [S.OPENING, S.DECIDING, S.CLAIMED, S.EXECUTING])
def test_who_has_gone_is_known_by_the_time_of_the_look(state: S) -> None:
    ticket = replace(TICKET, state=state)
    assert not is_stale(ticket, NOON)
    assert is_stale(ticket, due(ticket))


@pytest.mark.parametrize("state", [S.PENDING, S.APPROVED, S.DONE])
def test_a_state_that_waits_for_nobody_does_not_grow_stale(state: S) -> None:
    assert not is_stale(replace(TICKET, state=state), NOON + timedelta(days=400))


def test_a_message_that_was_sent_again_gives_the_driver_its_time() -> None:
    ticket = replace(TICKET, state=S.APPROVED)
    assert due(replace(ticket, looked_at=NOON + timedelta(minutes=5))) > due(ticket)
