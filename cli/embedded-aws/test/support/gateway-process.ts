// A gateway in a process of its own, so that a test can kill it.
import { openKeys } from '../../src/access/keys.ts'
import { startGateway } from '../../src/server.ts'

const log = (line: string) => process.stderr.write(`${line}\n`)
const { keysFile, ...options } = JSON.parse(process.argv[2] ?? '{}')
const { url, port, close } = await startGateway({ ...options, keys: openKeys(keysFile), log })
process.once('message', () => void close().then(() => process.disconnect?.()))
process.send?.({ url, port })
