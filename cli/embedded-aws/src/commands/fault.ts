import type { Command } from 'commander'
import { z } from 'zod'
import { openKeys } from '../access/keys.ts'
import { filesOf } from '../daemon/protocol.ts'
import { faultInputs, faultsPath, isFault, type FaultName } from '../faults/inputs.ts'
import { callOwnApi } from '../own-api.ts'
import { UserError } from '../user-error.ts'
import { jsonOption, requireRunning, stateDirOf, stateOption, type CommonFlags } from './options.ts'

const answerSchema = z.object({ taskArns: z.array(z.string()) })

export function registerFault(program: Command): void {
  program
    .command('fault <name> [input...]')
    .description('cause a fault of AWS itself')
    .addOption(stateOption())
    .addOption(jsonOption())
    .addHelpText('after', `\nFaults:\n${(Object.keys(faultInputs) as FaultName[]).map(describe).join('\n')}`)
    .action(cause)
}

async function cause(name: string, words: string[], flags: CommonFlags): Promise<void> {
  if (!isFault(name)) {
    throw new UserError(`There is no fault ${name}.`, {
      fix: `There are ${Object.keys(faultInputs).join(', ')}.`,
      exitCode: 2,
    })
  }
  const input = readInput(name, words)
  const stateDir = stateDirOf(flags)
  const { url } = await requireRunning(stateDir)
  const key = openKeys(filesOf(stateDir).keys).issued()
  const { taskArns } = answerSchema.parse(await callOwnApi(url, key, `${faultsPath}${name}`, input))
  if (flags.json) return void process.stdout.write(`${JSON.stringify({ taskArns })}\n`)
  process.stdout.write(taskArns.length === 0 ? 'Done; it hit no task.\n' : `It hit ${taskArns.length} of the tasks:\n${taskArns.join('\n')}\n`)
}

/** @param words `name=value` each. @throws UserError */
function readInput(name: FaultName, words: string[]): unknown {
  const schema = faultInputs[name]
  const given = words.map((word) => {
    const [key = '', ...value] = word.split('=')
    const text = value.join('=')
    const isList = (schema.shape as Record<string, z.ZodType>)[key] instanceof z.ZodArray
    return [key, isList ? text.split(',').filter(Boolean) : text] as const
  })
  const read = z.strictObject(schema.shape).safeParse(Object.fromEntries(given))
  if (read.success) return read.data
  throw new UserError(`The fault ${name} needs something else.`, {
    cause: z.prettifyError(read.error),
    fix: describe(name).trim(),
    exitCode: 2,
  })
}

function describe(name: FaultName): string {
  const { shape, description } = faultInputs[name]
  const inputs = Object.entries(shape as Record<string, z.ZodType>).map(([key, schema]) => `${key}=… (${schema.description})`)
  return `  ${name} ${inputs.join(' ')}\n      ${description}`
}
