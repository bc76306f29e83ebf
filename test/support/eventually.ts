/**
 * Asks again until the answer is not null; fails with the last error, or with what was waited for. It rests for as long as the
 * question took: what is waited for needs the machine, too, and a command costs a second of it.
 */
export async function eventually<Answer>(
  what: string,
  ask: () => Promise<Answer | null>,
  patienceMs = 100_000,
  pauseMs = 100,
): Promise<Answer> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const asked = Date.now();
    const answer = await ask();
    const tookMs = Date.now() - asked;
    if (answer !== null) return answer;
    if (Date.now() > deadline) throw new Error(`Waited ${patienceMs / 1000} s in vain: ${what}`);
    await new Promise((resolve) => {
      setTimeout(resolve, Math.max(pauseMs, tookMs));
    });
  }
}
