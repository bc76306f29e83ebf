import { child, isPresent, silent, warn } from '../cursor.ts';
import { isAwaited, resolveRestart } from '../resolve/restart.ts';
import type { Rule } from './rule.ts';

/** What another service waits for to complete is not started again for ever. */
export const completionIsPossible: Rule = (subject) => {
  for (const [name, service] of subject.services) {
    if (subject.jobs.has(name) || !isAwaited(subject, name)) continue;
    const { name: policy } = resolveRestart(silent(service), true);
    if (policy !== 'always' && policy !== 'unless-stopped') continue;
    const written = child(service, 'deploy', 'restart_policy');
    warn(
      isPresent(written) ? written : child(service, 'restart'),
      'never-completes',
      `service "${name}" is restarted whenever it ends, so what waits for it to complete never starts`,
      'Set restart: "no" or on-failure',
    );
  }
};
