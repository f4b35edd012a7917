import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { Model } from '../../src/models/model.ts'
import { findProblems } from '../../src/models/validate.ts'

/** What any operation may answer, besides the errors that the model lists for it. */
const common = ['SerializationException', 'UnknownOperationException', 'ServerException', 'AccessDeniedException', 'ValidationException']

type Answer = { response: { statusCode: number; body: unknown } }
type Middleware = (next: (args: object) => Promise<Answer>, context: { commandName?: string }) => (args: object) => Promise<Answer>
type Client = { middlewareStack: { add: (middleware: any, options: { step: 'deserialize'; priority: 'low'; name: string }) => void } }

/**
 * Makes every answer that a client gets a failure of the test when it is not as AWS's own model says.
 * @param answered collects the operations that were answered without an error
 */
export function holdToModel<Sdk extends Client>(client: Sdk, model: Model, answered = new Set<string>()): Sdk {
  const hold: Middleware = (next, { commandName = '' }) => async (args) => {
    const answer = await next(args)
    const operation = commandName.replace(/Command$/, '')
    const body = await text(answer.response.body as Readable)
    answer.response.body = Readable.from([Buffer.from(body)])
    const found = problemsOf(model, operation, answer.response.statusCode, JSON.parse(body))
    if (found.length > 0) throw new Error(`${operation} answers what ${model.source} does not know: ${found.join('; ')}`)
    if (answer.response.statusCode === 200) answered.add(operation)
    return answer
  }
  client.middlewareStack.add(hold, { step: 'deserialize', priority: 'low', name: 'holdToModel' })
  return client
}

function problemsOf(model: Model, operation: string, status: number, body: any): string[] {
  const { output, errors = [] } = model.operations[operation] ?? {}
  if (status === 200) return output ? findProblems(model, output, body).map(({ text: problem, path }) => `${path}: ${problem}`) : []
  return [...errors, ...common].includes(body.__type) ? [] : [`error ${body.__type}`]
}
