import { child, complainAtKey, members } from '../cursor.ts';
import type { Rule } from './rule.ts';

/** A variable has a name, and none that ends in a space: that is a slip before `=`, and the program would not find it. */
export const environmentNamesAreWellFormed: Rule = ({ services }) => {
  for (const service of services.values()) {
    for (const [name, variable] of members(child(service, 'environment'))) {
      if (name !== '' && !/\s$/.test(name)) continue;
      const message =
        name === ''
          ? 'an environment variable has no name'
          : `the name of the environment variable "${name}" ends in a space`;
      complainAtKey(variable, 'invalid-name', message, 'Write NAME=value without spaces');
    }
  }
};
