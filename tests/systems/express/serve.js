// Serves a receiver of this folder on a free port until the standard input ends: `node serve.js mailgreet`.
const app = require(`./${process.argv[2]}`);

const server = app.listen(0, '127.0.0.1', () => console.log(`listening on ${server.address().port}`));
process.stdin.on('end', () => process.exit()).resume();
