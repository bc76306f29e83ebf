import type { ContainerSpec, FileMount } from './container.ts';

/** Everything of the commit that is mounted in a container; what is a file of its own is only read. */
export function deliveredMounts({
  files,
  fileMounts = [],
}: Pick<ContainerSpec, 'files' | 'fileMounts'>): readonly FileMount[] {
  const single = files.map((file) => ({
    target: file.target,
    kind: 'file' as const,
    readOnly: true,
    files: [file],
  }));
  return [...fileMounts, ...single];
}
