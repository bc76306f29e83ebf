import type { Clock } from '../model/clock.ts';

/** What a timer of Node can count. One that is set for longer would fire at once. */
const longestTimerMs = 2 ** 31 - 1;

/** The clock of this machine. It counts on from the wall clock at the start of the process, so that setting that back changes nothing. */
export const systemClock: Clock = {
  now: () => Math.floor(performance.timeOrigin + performance.now()),
  after(ms, callback) {
    if (ms <= 0) {
      const turn = setImmediate(callback);
      return () => clearImmediate(turn);
    }
    const timer = setTimeout(callback, Math.min(ms, longestTimerMs));
    return () => clearTimeout(timer);
  },
};
