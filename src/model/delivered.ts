import type { ContainerSpec, FileMount, FileSpec, OnChange } from './container.ts';

/** Everything of the commit that is mounted in a container; what is a file of its own is only read. */
export function deliveredMounts({
  files,
  fileMounts = [],
}: Pick<ContainerSpec, 'files' | 'fileMounts'>): readonly FileMount[] {
  return [...fileMounts, ...files.map(mountOf)];
}

function mountOf(file: FileSpec): FileMount {
  return { target: file.target, kind: 'file', readOnly: true, files: [file] };
}

/** Where secrets are by default; what else an image has there is of no use to anybody. */
export const secretsFolder = '/run/secrets';

/**
 * The same as it is bound into the container. Who has a single file bound goes on seeing what it was, while in a folder
 * new files show: so the folder of secrets is bound as a whole where one of them is to be seen when it changes.
 */
export function boundMounts(
  spec: Pick<ContainerSpec, 'files' | 'fileMounts'>,
): readonly FileMount[] {
  const secrets = spec.files.filter(({ target }) => isBelow(target, secretsFolder));
  if (!secrets.some(({ onChange }) => onChange?.kind === 'signal')) return deliveredMounts(spec);
  const files = secrets.map((file) => ({
    ...file,
    target: file.target.slice(secretsFolder.length + 1),
  }));
  const others = spec.files.filter((file) => !secrets.includes(file));
  return [
    ...deliveredMounts({ ...spec, files: others }),
    { target: secretsFolder, kind: 'folder', readOnly: true, files },
  ];
}

export function isBelow(path: string, folder: string): boolean {
  return path.startsWith(folder === '/' ? folder : `${folder}/`);
}

/** A file that a running container takes in when its content changes. */
export interface LiveFile {
  /** Absolute path in the container. */
  readonly target: string;
  readonly file: FileSpec;
  readonly onChange: OnChange;
}

export function liveFiles(spec: Pick<ContainerSpec, 'files' | 'fileMounts'>): readonly LiveFile[] {
  return deliveredMounts(spec).flatMap((mount) =>
    mount.files.flatMap((file) => {
      const { onChange } = file;
      return onChange === undefined ? [] : [{ target: pathIn(mount, file), file, onChange }];
    }),
  );
}

/** Where the container has a file of a mount. */
export function pathIn({ kind, target }: FileMount, file: Pick<FileSpec, 'target'>): string {
  return kind === 'file' ? target : `${target}/${file.target}`;
}
