/** Where a test may bring up one more fleet beside the shared one: it is taken down with it, whatever happens. */
export function secondFolder(sharedFolder: string): string {
  return `${sharedFolder}-second`;
}
