import { relative } from 'node:path';

import { BaseSequencer } from 'vitest/node';
import type { TestSpecification } from 'vitest/node';

import { groupBy } from '../../src/model/group-by.ts';
import { fileSeconds, secondsBefore } from './file-seconds.ts';
import { fairShares } from './fair-shares.ts';

const usualSeconds = { unit: 1, engine: 25 } as const;

/** Makes parts that take about the same time, and begins with what takes longest, so that nothing long is left for the end. */
export class MeasuredSequencer extends BaseSequencer {
  override shard(files: TestSpecification[]): Promise<TestSpecification[]> {
    const { index, count } = this.ctx.config.shard ?? { index: 1, count: 1 };
    const held = Array.from({ length: count }, (_, part) => secondsBefore[part] ?? 0);
    // The parts are made by processes of their own, which have to agree.
    const inOrder = files.toSorted((a, b) => (a.moduleId < b.moduleId ? -1 : 1));
    const shares = fairShares(inOrder, (file) => this.#seconds(file), held);
    return Promise.resolve([...(shares[index - 1] ?? [])]);
  }

  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- it is vitest's own method, and gives another list
    const usual = await super.sort(files);
    const byProject = groupBy(usual, ({ project }) => project.name);
    return [...byProject.values()].flatMap((some) =>
      some.toSorted((a, b) => this.#seconds(b) - this.#seconds(a)),
    );
  }

  #seconds({ moduleId, project }: TestSpecification): number {
    const path = relative(this.ctx.config.root, moduleId);
    const usual = project.name === 'unit' ? usualSeconds.unit : usualSeconds.engine;
    return fileSeconds[path] ?? usual;
  }
}
