import type { Logger } from 'pino';

/** What is to be heard of the log. */
export interface Listener {
  /** Something is wrong with the operator itself. */
  readonly onTrouble: (message: string) => void;
  /** A commit is refused: what is the first thing that is wrong with it. */
  readonly onRefused: (message: string) => void;
}

const troubles = new Set(['pass failed: tried again', 'step cannot be recorded']);
const refused = 'commit refused: the last accepted one stays in force';

interface Facts {
  readonly reason?: string;
  readonly first?: { readonly message: string };
}

function ignore(): void {
  // Nobody reads it.
}

/** A logger that writes nothing. */
export function quietLogger({ onTrouble, onRefused }: Listener): Logger {
  const logger = {
    child: () => logger,
    trace: ignore,
    debug: ignore,
    info: ignore,
    warn: ignore,
    error: (facts: Facts, message: string) => {
      if (message === refused) onRefused(facts.first?.message ?? '');
      if (troubles.has(message)) onTrouble(`${message} (${facts.reason ?? ''})`);
    },
  };
  return logger as unknown as Logger;
}
