//! Tasks that run beside the test body, and the flag by which anything polled asks for another round.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

/// A task without its result.
pub(crate) type Boxed = Pin<Box<dyn Future<Output = ()>>>;

/// Set by a waker: something became ready in the middle of a round of polling.
#[derive(Default)]
pub(crate) struct Again(AtomicBool);

impl Again {
    /// Whether it was set since the last call.
    pub(crate) fn take(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}

impl Wake for Again {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

struct Slot<T> {
    result: Option<T>,
    waiting: Option<Waker>,
}

/// A task started by [`crate::Bench::spawn`]; awaiting it gives its result. Dropping it lets the task run on.
pub struct Task<T>(Rc<RefCell<Slot<T>>>);

impl<T: 'static> Task<T> {
    /// The handle, and what the executor polls.
    pub(crate) fn new(body: impl Future<Output = T> + 'static) -> (Task<T>, Boxed) {
        let slot = Rc::new(RefCell::new(Slot {
            result: None,
            waiting: None,
        }));
        let filled = slot.clone();
        let boxed = Box::pin(async move {
            let result = body.await;
            let mut slot = filled.borrow_mut();
            slot.result = Some(result);
            if let Some(waker) = slot.waiting.take() {
                waker.wake();
            }
        });
        (Task(slot), boxed)
    }
}

impl<T> Future for Task<T> {
    type Output = T;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let mut slot = self.0.borrow_mut();
        match slot.result.take() {
            Some(result) => Poll::Ready(result),
            None => {
                slot.waiting = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}
