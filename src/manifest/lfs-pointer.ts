/** The specification bounds a pointer so. */
const maxPointerBytes = 1024;
const versions = ['https://git-lfs.github.com/spec/', 'https://hawser.github.com/spec/'] as const;

/** Whether a file only says which object of Git LFS stands for it. */
export function isLfsPointer(bytes: Uint8Array): boolean {
  if (bytes.length >= maxPointerBytes) return false;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  return (
    versions.some((version) => text.startsWith(`version ${version}`)) &&
    /^oid sha256:[0-9a-f]{64}$/m.test(text) &&
    /^size \d+$/m.test(text)
  );
}
