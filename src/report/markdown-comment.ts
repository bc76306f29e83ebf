/** By this line, which nobody sees, a script finds its comment again. */
export const commentMark = '<!-- fleetwright plan -->';

/** GitHub takes 65,536 characters; some room is left for what a script puts around it. */
export const longestComment = 60_000;
