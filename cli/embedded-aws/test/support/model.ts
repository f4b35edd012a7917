import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { parseXML } from '@aws-sdk/xml-builder'
import type { Model } from '../../src/models/model.ts'
import { findProblems } from '../../src/models/validate.ts'

/** Where a service's model is, by the name that its requests are signed for. */
const files: Record<string, string> = { monitoring: 'cloudwatch', elasticloadbalancing: 'elbv2' }

/** What any operation may answer, besides the errors that the model lists for it. */
const common = [
  'SerializationException', 'UnknownOperationException', 'ServerException', 'AccessDeniedException', 'ValidationException', 'ValidationError', 'InvalidAction',
]

/** In what AWS's own answers differ from its models: empty lists where one is too few, and the state of an endpoint in small letters. */
const asAwsDoes = /: Value '\[\]' at .* length greater than or equal to|^VpcEndpoints?\.(\d+\.member\.)?State: Value 'available'/

type Answer = { response: { statusCode: number; body: unknown } }
type Middleware = (next: (args: object) => Promise<Answer>, context: { commandName?: string }) => (args: object) => Promise<Answer>
type Client = { middlewareStack: { add: (middleware: any, options: { step: 'deserialize'; priority: 'low'; name: string }) => void } }

/** @param service the name that its requests are signed for */
export function readModel(service: string): Model {
  return JSON.parse(readFileSync(fileURLToPath(new URL(`../../src/models/${files[service] ?? service}.json`, import.meta.url)), 'utf8')) as Model
}

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
    requireModelled(model, operation, answer.response.statusCode, body)
    if (answer.response.statusCode === 200) answered.add(operation)
    return answer
  }
  client.middlewareStack.add(hold, { step: 'deserialize', priority: 'low', name: 'holdToModel' })
  return client
}

/** @param body JSON or XML. @throws Error that says in what an answer is not as the model says */
export function requireModelled(model: Model, operation: string, status: number, body: string): void {
  const found = body.startsWith('<') ? problemsOfXml(model, operation, status, parseXML(body)) : problemsOf(model, operation, status, JSON.parse(body))
  if (found.length > 0) throw new Error(`${operation} answers what ${model.source} does not know: ${found.join('; ')}`)
}

function problemsOf(model: Model, operation: string, status: number, body: any): string[] {
  const { output, errors = [] } = model.operations[operation] ?? {}
  if (status === 200) return output ? findProblems(model, output, body).map(({ text: problem, path }) => `${path}: ${problem}`).filter((problem) => !asAwsDoes.test(problem)) : []
  return [...errors, ...common].includes(body.__type) ? [] : [`error ${body.__type}`]
}

/** EC2's errors are in no model, and its answers have no element of their own for the result. */
function problemsOfXml(model: Model, operation: string, status: number, xml: any): string[] {
  if (status !== 200) return xml.ErrorResponse ? problemsOf(model, operation, status, { __type: xml.ErrorResponse.Error.Code }) : []
  const { requestId: _, ResponseMetadata: __, ...answer } = xml[`${operation}Response`]
  const result = `${operation}Result` in answer ? answer[`${operation}Result`] : answer
  return problemsOf(model, operation, status, fromXml(model, model.operations[operation]?.output, result))
}

/** A value as JSON would have it. */
function fromXml(model: Model, shapeName: string | undefined, value: any): unknown {
  const shape = model.shapes[shapeName ?? '']
  switch (shape?.type) {
    case 'structure': return Object.fromEntries(childrenOf(value).map(([tag, child]) => {
      const name = Object.keys(shape.elements ?? {}).find((each) => shape.elements?.[each] === tag) ?? tag
      return [name, fromXml(model, shape.members?.[name], child)]
    }))
    case 'list': return childrenOf(value).flatMap(([tag, children]) =>
      tag === (shape.element ?? 'member') ? [children].flat().map((child) => fromXml(model, shape.member, child)) : [`<${tag}>`],
    )
    case 'integer':
    case 'long':
    case 'double':
    case 'float': return value === '' ? value : Number(value)
    case 'boolean': return value === 'true' ? true : value === 'false' ? false : value
    default: return value
  }
}

const childrenOf = (value: any): [string, any][] => (typeof value === 'object' && value !== null ? Object.entries(value).filter(([tag]) => !/^(xmlns|#text)/.test(tag)) : [])
