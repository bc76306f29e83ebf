/** The trailer of a commit message that approves a plan by its hash. */
export const approvalTrailer = 'Fleetwright-Plan';

const line = new RegExp(String.raw`^${approvalTrailer}:[ \t]*([0-9a-f]{64})[ \t\r]*$`, 'gim');

/**
 * The hashes that a commit message approves. A line of its own is enough, wherever it stands: what squashes commits may put
 * other paragraphs after it, or several of them into one message.
 */
export function approvedHashes(message: string): readonly string[] {
  return [...message.matchAll(line)].map((match) => (match[1] ?? '').toLowerCase());
}
