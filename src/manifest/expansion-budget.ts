import type { Node } from './node.ts';

/** Values in one application, whatever is included or extended counted at each use. */
const maxNodes = 200_000;
/** What the reading of one included file costs beside its values, so that empty files cannot be had without end. */
const perFile = 200;

/** How much one application may still grow by `include` and `extends`. */
export interface Budget {
  left: number;
}

export function createBudget(): Budget {
  return { left: maxNodes };
}

export type Spent = 'within' | 'exceeded' | 'exceeded-before';

/** Counts a value that is used once more. That the budget is exceeded is said once. */
export function spend(budget: Budget, node: Node): Spent {
  return spendNodes(budget, countNodes(node));
}

export function spendFile(budget: Budget): Spent {
  return spendNodes(budget, perFile);
}

function spendNodes(budget: Budget, nodes: number): Spent {
  if (budget.left < 0) return 'exceeded-before';
  budget.left -= nodes;
  return budget.left < 0 ? 'exceeded' : 'within';
}

function countNodes(node: Node): number {
  switch (node.kind) {
    case 'scalar':
      return 1;
    case 'list':
      return node.items.reduce((sum, item) => sum + countNodes(item), 1);
    case 'map':
      return [...node.entries.values()].reduce((sum, entry) => sum + countNodes(entry.node), 1);
  }
}
