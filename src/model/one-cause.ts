/** Hosts that go out of sight within so long of each other may have one cause, which may be on our side. */
export const oneCauseMs = 2 * 60_000;
