/** One entry of a commit's tree, or of a folder on disk. Links and submodules are listed, so that they can be refused. */
export interface TreeEntry {
  /** From the root of the repository, with forward slashes. */
  readonly path: string;
  readonly kind: 'file' | 'symlink' | 'submodule';
  /** Git blob id; equal ids are equal bytes. */
  readonly oid: string;
  /** Only of a file; absent: it is not. */
  readonly executable?: true;
}
