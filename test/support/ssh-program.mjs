/**
 * Stands in place of a program of Git behind sshd: hands the command on to the test, `ssh-program.mjs SOCKET`, which answers
 * as it likes.
 */
import { connect } from 'node:net';

const [socketPath] = process.argv.slice(2);
const { SSH_ORIGINAL_COMMAND: command, GIT_PROTOCOL: protocol = '' } = process.env;
const socket = connect({ path: socketPath, allowHalfOpen: true });
socket.write(`${JSON.stringify({ command, protocol })}\n`);
process.stdin.pipe(socket);
socket.pipe(process.stdout);
// As a program that has said all it has to say, whatever it is still told.
socket.on('end', () => process.exit(0));
socket.on('error', () => process.exit(1));
