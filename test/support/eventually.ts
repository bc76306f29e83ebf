/** Asks again until the answer is not null; fails with the last error, or with what was waited for. */
export async function eventually<Answer>(
  what: string,
  ask: () => Promise<Answer | null>,
  patienceMs = 60_000,
  pauseMs = 100,
): Promise<Answer> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    if (Date.now() > deadline) throw new Error(`Waited ${patienceMs / 1000} s in vain: ${what}`);
    await new Promise((resolve) => {
      setTimeout(resolve, pauseMs);
    });
  }
}
