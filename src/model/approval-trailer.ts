/** The trailer of a commit message that approves a plan by its hash. */
export const approvalTrailer = 'Fleetwright-Plan';
