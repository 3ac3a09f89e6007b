//! The world as a model for the checker: the actions that are possible in a state, and the state after each.

use shared::breaker::Breaker;
use stateright::{Model, Property};

use crate::invocation::{Choice, Disposition, Phase, release};
use crate::operating;
use crate::properties;
use crate::scope::{Mutant, Scope};
use crate::state::{
    Job, LATER, Message, NOW, Operation, Queue, RowState, State, Stream, Stuck, UnderWay, WORKERS, Webhook,
};

/// Maximum messages of a world. Reason: more messages are only more copies.
const MOST_MESSAGES: usize = 6;
/// Maximum rounds of a delivery.
const MOST_ROUNDS: u32 = 4;
/// Maximum failed probes of an outage.
const MOST_FAILED_PROBES: u32 = 2;

/// What may happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Dispatch sends the job of an event: the first job, or the job that sends the first jobs.
    Dispatch { event: usize },
    /// Dispatch sends the job, but the stream gets no confirmation and hands the event over again.
    DispatchUnconfirmed { event: usize },
    /// An invocation begins with the message at this place.
    Receive { worker: usize, message: usize },
    /// An invocation of an older release begins with the message at this place, which is of a newer one.
    ReceiveOlder { worker: usize, message: usize },
    /// An invocation makes its next effect.
    Step { worker: usize, choice: Choice },
    /// An invocation ends before its next effect; its message comes back.
    Crash { worker: usize },
    /// A function's cached webhook is too old.
    Forget { worker: usize },
    /// Everything that waits becomes due.
    Time,
    /// The events grow old.
    GrowOld,
    /// The outage grows old.
    LongOutage,
    /// SQS hands a message out twice, or somebody copies a dead letter.
    Duplicate { message: usize },
    /// The visibility of a message ends while its invocation is under way.
    Overrun { message: usize },
    /// SQS moves a message to the dead-letter queue: it was received too often.
    Poison { message: usize },
    /// SQS loses the message of a waiting delivery.
    Lose { message: usize },
    /// The retention of all that is held now ends.
    EndRetention,
    /// The operator begins the next operation.
    Operate,
    /// The operation makes its next call.
    Call,
    /// The request of the operation breaks off.
    BreakOff,
    /// The hourly sweep.
    Sweep,
}

impl Scope {
    /// The world at the start: the events are accepted.
    pub(crate) fn start(&self) -> State {
        State {
            stream: vec![Stream::Pending; self.events],
            rows: vec![None; self.events],
            held_too_long: vec![false; self.events],
            accepted: vec![false; self.events],
            webhook: self.webhook,
            suspended: false,
            url: 0,
            new_url: None,
            agreed: std::array::from_fn(|url| url == 0),
            breaker: Breaker::NEW,
            outages: 0,
            messages: Vec::new(),
            workers: [const { None }; WORKERS],
            caches: [const { None }; WORKERS],
            operator: None,
            events_are_old: false,
            left: self.left.clone(),
            sweep_is_due: false,
            broken: None,
        }
    }

    /// A message that this invocation may begin with.
    fn is_receivable(&self, state: &State, message: &Message) -> bool {
        // A probe is delayed by 30 s, as long as an invocation may last: the invocation that names it has opened its
        // breaker by then, or crashed.
        let is_being_opened = |outage: u8| {
            state
                .workers
                .iter()
                .flatten()
                .any(|phase| matches!(phase, Phase::OpenBreaker(_, _, of, _) if *of == outage))
        };
        // The recover job that is sent ahead of a deletion, or of enabling, is delayed too, by longer than the request
        // may last.
        let is_ahead = || {
            let outlasts = match state.operator {
                Some(UnderWay { operation: Operation::Delete, .. }) => Mutant::DeletionOutlastsItsDelay,
                Some(UnderWay { operation: Operation::Enable, .. }) => Mutant::EnablingOutlastsItsDelay,
                _ => return false,
            };
            self.mutant != Some(outlasts)
        };
        let is_delayed = match message.job {
            Job::Probe(outage) => is_being_opened(outage),
            Job::Recover(Stuck::Ahead) => is_ahead(),
            Job::Recover(Stuck::Held | Stuck::Dead | Stuck::Missing)
            | Job::Deliver { .. }
            | Job::Dispatch { .. }
            | Job::Verify(_)
            | Job::Overdue => false,
        };
        message.queue != Queue::DeadLetter && message.visible && !is_delayed
    }

    /// The invocation of `worker` begins with the message at `index`.
    pub(crate) fn receive(&self, state: &mut State, worker: usize, index: usize) {
        let message = &mut state.messages[index];
        (message.holders[worker], message.visible) = (true, false);
        let Message { job, queue, received, .. } = *message;
        let is_old = state.events_are_old && self.mutant != Some(Mutant::RedrivenIsFresh);
        let is_first = matches!(job, Job::Deliver { round: 0, .. });
        let is_fresh = queue == Queue::Deliveries && !received && is_first && !is_old;
        state.messages.sort_unstable();
        if self.mutant == Some(Mutant::AcknowledgeFirst) {
            state.messages.retain(|message| !message.holders[worker]);
        }
        state.workers[worker] = Some(Phase::begin(self, state, job, queue, is_fresh));
    }

    /// Dispatch sends the jobs that are owed.
    pub(crate) fn dispatch(&self, state: &mut State, event: usize) {
        if state.webhook == Webhook::Deleted {
            state.stream[event] = Stream::NotOwed;
        } else {
            let first = Job::Deliver { event, round: 0, resend: false };
            state.send(Queue::Deliveries, if self.fans_out { Job::Dispatch { event } } else { first });
            state.stream[event] = Stream::Done;
        }
    }

    /// Makes everything due that waits for a time.
    pub(crate) fn let_time_pass(state: &mut State) {
        for row in state.rows.iter_mut().flatten() {
            if row.state == (RowState::Waiting { due: false }) {
                row.state = RowState::Waiting { due: true };
            }
        }
        if let Breaker::Open(open) = &mut state.breaker {
            open.next_probe_at = NOW;
        }
        if let Some(new) = &mut state.new_url {
            new.due = true;
        }
    }

    fn worker_actions(&self, state: &State, worker: usize, actions: &mut Vec<Action>) {
        let Some(phase) = &state.workers[worker] else { return };
        actions.extend(phase.choices(self, state, worker).into_iter().map(|choice| Action::Step { worker, choice }));
        if state.left.crashes > 0 {
            actions.push(Action::Crash { worker });
        }
    }

    fn queue_actions(&self, state: &State, actions: &mut Vec<Action>) {
        // Without caches all workers are alike.
        let mut free: Vec<usize> = (0..self.workers).filter(|worker| state.workers[*worker].is_none()).collect();
        free.truncate(if self.caches { WORKERS } else { 1 });
        for (index, message) in state.messages.iter().enumerate() {
            // Equal copies lead to equal worlds.
            if index > 0 && state.messages[index - 1] == *message {
                continue;
            }
            if self.is_receivable(state, message) {
                actions.extend(free.iter().map(|worker| Action::Receive { worker: *worker, message: index }));
                if state.left.parked > 0 {
                    let older = |worker: &usize| Action::ReceiveOlder { worker: *worker, message: index };
                    actions.extend(free.iter().map(older));
                }
            }
            // It takes an hour until SQS moves a message to the dead-letter queue.
            let may_be_buried = state.left.poisonings > 0 && state.may_grow_old();
            if !message.visible && state.left.overruns > 0 {
                actions.push(Action::Overrun { message: index });
            }
            if message.is_free() {
                if state.left.duplicates > 0 {
                    actions.push(Action::Duplicate { message: index });
                }
                if state.left.losses > 0 && message.queue == Queue::Retries && state.is_waited_for(message.job) {
                    actions.push(Action::Lose { message: index });
                }
                if may_be_buried && message.received && message.queue != Queue::DeadLetter {
                    actions.push(Action::Poison { message: index });
                }
            }
        }
    }

    fn other_actions(&self, state: &State, actions: &mut Vec<Action>) {
        for event in 0..self.events {
            if state.stream[event] == Stream::Pending {
                actions.push(Action::Dispatch { event });
                if state.left.crashes > 0 {
                    actions.push(Action::DispatchUnconfirmed { event });
                }
            }
        }
        for worker in 0..self.workers {
            if state.caches[worker].is_some() {
                actions.push(Action::Forget { worker });
            }
        }
        // A claim lasts longer than its holder's attempt can.
        if !state.workers.iter().flatten().any(Phase::holds_claim) {
            actions.push(Action::Time);
        }
        if self.events_grow_old && !state.events_are_old && state.may_grow_old() {
            actions.push(Action::GrowOld);
        }
        if matches!(&state.breaker, Breaker::Open(open) if open.since == NOW) {
            actions.push(Action::LongOutage);
        }
        if state.operator.is_some() {
            actions.push(Action::Call);
            if state.left.crashes > 0 {
                actions.push(Action::BreakOff);
            }
        } else if !state.left.operations.is_empty() {
            actions.push(Action::Operate);
        }
        if state.left.sweeps > 0 {
            actions.push(Action::Sweep);
        }
        if state.left.retention_ends > 0 && state.may_grow_old() && !state.in_state(RowState::Held).is_empty() {
            actions.push(Action::EndRetention);
        }
    }

    /// The world after an action.
    pub(crate) fn after(&self, state: &State, action: Action) -> State {
        let mut state = state.clone();
        match action {
            Action::Dispatch { event } => self.dispatch(&mut state, event),
            Action::DispatchUnconfirmed { event } => {
                state.left.crashes -= 1;
                if self.mutant == Some(Mutant::ConfirmBeforeDispatch) {
                    state.stream[event] = Stream::Done;
                } else {
                    self.dispatch(&mut state, event);
                    state.stream[event] = Stream::Pending;
                }
            }
            Action::Receive { worker, message } => self.receive(&mut state, worker, message),
            Action::ReceiveOlder { worker, message } => {
                state.left.parked -= 1;
                let Message { job, queue, .. } = state.messages[message];
                self.receive(&mut state, worker, message);
                state.workers[worker] = Some(Phase::Settle(job, queue, Disposition::Park));
            }
            Action::Step { worker, choice } => {
                if let Some(phase) = state.workers[worker].take() {
                    phase.step(self, &mut state, worker, choice);
                }
            }
            Action::Crash { worker } => {
                state.left.crashes -= 1;
                // A row may have its next round, and the job of this round is not sent.
                state.sweep_is_due |= state.workers[worker].as_ref().is_some_and(Phase::wakes);
                state.workers[worker] = None;
                release(&mut state, worker);
            }
            Action::Forget { worker } => state.caches[worker] = None,
            Action::Time => Self::let_time_pass(&mut state),
            Action::GrowOld => state.events_are_old = true,
            Action::LongOutage => {
                if let Breaker::Open(open) = &mut state.breaker {
                    open.since = NOW - LATER;
                }
            }
            Action::Duplicate { message } => {
                state.left.duplicates -= 1;
                let copy = state.messages[message];
                state.messages.push(copy);
                state.messages.sort_unstable();
            }
            Action::Overrun { message } => {
                state.left.overruns -= 1;
                let message = &mut state.messages[message];
                (message.visible, message.received) = (true, true);
                state.messages.sort_unstable();
            }
            Action::Poison { message } => {
                state.left.poisonings -= 1;
                state.events_are_old = true;
                let message = &mut state.messages[message];
                message.queue = Queue::DeadLetter;
                state.sweep_is_due |= !matches!(message.job, Job::Deliver { .. } | Job::Dispatch { .. });
                state.messages.sort_unstable();
            }
            Action::Lose { message } => {
                state.left.losses -= 1;
                state.messages.remove(message);
                state.sweep_is_due = true;
            }
            Action::EndRetention => {
                state.left.retention_ends -= 1;
                state.events_are_old = true;
                for event in state.in_state(RowState::Held) {
                    state.held_too_long[event] = true;
                }
            }
            Action::Operate => operating::begin(self, &mut state),
            Action::Call => {
                if let Some(under_way) = state.operator {
                    operating::call(self, &mut state, under_way);
                }
            }
            Action::BreakOff => operating::break_off(&mut state),
            Action::Sweep => {
                state.left.sweeps -= 1;
                operating::sweep(self, &mut state);
            }
        }
        state
    }
}

impl Model for Scope {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![self.start()]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for worker in 0..self.workers {
            self.worker_actions(state, worker, actions);
        }
        self.queue_actions(state, actions);
        self.other_actions(state, actions);
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        Some(self.after(state, action)).filter(|next| next != state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::all()
    }

    fn within_boundary(&self, state: &State) -> bool {
        let failed_probes = match &state.breaker {
            Breaker::Open(open) => open.failed_probes,
            Breaker::Closed { .. } => 0,
        };
        state.messages.len() <= MOST_MESSAGES
            && state.outages <= self.outages
            && failed_probes <= MOST_FAILED_PROBES
            && state.rows.iter().flatten().all(|row| row.round <= MOST_ROUNDS)
    }
}
