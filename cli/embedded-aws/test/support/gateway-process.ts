// A gateway in a process of its own, so that a test can kill it.
import { startGateway } from '../../src/server.ts'

const log = (line: string) => process.stderr.write(`${line}\n`)
const { url, port, close } = await startGateway({ ...JSON.parse(process.argv[2] ?? '{}'), log })
process.once('message', () => void close().then(() => process.disconnect?.()))
process.send?.({ url, port })
