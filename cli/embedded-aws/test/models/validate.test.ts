// Values held to AWS's own models; the words are those of AWS's services.
import t from 'tap'
import { applicationAutoscaling, cloudMap, cloudwatch, ecs, type Model } from '../../src/models/model.ts'
import { findProblems, requireValid } from '../../src/models/validate.ts'

const model: Model = {
  source: 'test',
  operations: { Put: { input: 'PutRequest', errors: [] }, Get: { errors: [] } },
  shapes: {
    PutRequest: {
      type: 'structure',
      required: ['Name'],
      members: { Name: 'Name', Count: 'Count', Kind: 'Kind', Rules: 'Rules', Labels: 'Labels', Since: 'Since', On: 'On', Free: 'Free' },
    },
    Name: { type: 'string', min: 2, max: 4, pattern: '[a-z]+' },
    Count: { type: 'integer', min: 1, max: 5 },
    Kind: { type: 'string', enum: ['A', 'B'] },
    Rules: { type: 'list', member: 'PutRequest', max: 1 },
    Labels: { type: 'map', key: 'Kind', value: 'Name' },
    Since: { type: 'timestamp' },
    On: { type: 'boolean' },
    Free: { type: 'structure', document: true },
  },
}
const problems = (value: object) => findProblems(model, 'PutRequest', value).map(({ kind, text }) => `${kind}: ${text}`)

t.test('what is right', async (t) => {
  t.same(problems({ Name: 'abc', Count: 5, Kind: 'A', Rules: [{ Name: 'ab' }], Labels: { B: 'ab' }, Since: 1.5, On: false, Free: { any: [1] } }), [])
  t.same(problems({ Name: 'abc', Count: null, Kind: undefined }), [], 'null is absent')
})

t.test('constraints', async (t) => {
  const said = (path: string, value: string, rule: string) => `constraint: Value ${value} at '${path}' failed to satisfy constraint: ${rule}`
  t.same(problems({}), [said('name', 'null', 'Member must not be null')])
  t.same(problems({ Name: 'a' }), [said('name', "'a'", 'Member must have length greater than or equal to 2')])
  t.same(problems({ Name: 'abcde' }), [said('name', "'abcde'", 'Member must have length less than or equal to 4')])
  t.same(problems({ Name: 'AB' }), [said('name', "'AB'", 'Member must satisfy regular expression pattern: [a-z]+')])
  t.same(problems({ Name: 'ab', Count: 0 }), [said('count', "'0'", 'Member must have value greater than or equal to 1')])
  t.same(problems({ Name: 'ab', Kind: 'C' }), [said('kind', "'C'", 'Member must satisfy enum value set: [A, B]')])
  t.same(problems({ Name: 'ab', Labels: { C: 'ab' } }), [said('labels', "'C'", 'Member must satisfy enum value set: [A, B]')])
  t.same(problems({ Name: 'ab', Rules: [{ Name: 'ab', Rules: [{}] }] }), [said('rules.1.member.rules.1.member.name', 'null', 'Member must not be null')])
  t.match(problems({ Name: 'ab', Rules: [{ Name: 'ab' }, { Name: 'ab' }] }), [/length less than or equal to 1/])
})

t.test('types, and members that nobody knows', async (t) => {
  t.same(problems({ Name: 1 }), ['serialization: NUMBER_VALUE can not be converted to a String'])
  t.same(problems({ Name: 'ab', Count: '1' }), ['serialization: STRING_VALUE can not be converted to an Integer'])
  t.same(problems({ Name: 'ab', Count: 1.5 }), ['serialization: NUMBER_VALUE can not be converted to an Integer'])
  t.match(problems({ Name: 'ab', Rules: {} }), [/^serialization/])
  t.match(problems({ Name: 'ab', Labels: [] }), [/^serialization/])
  t.match(problems({ Name: 'ab', On: 'true', Since: true }), [/^serialization/, /^serialization/])
  t.same(problems({ Name: 'ab', constructor: 1 }), ['unknown: constructor is not a member'])
})

t.test('every pattern of the contracts is one of JavaScript, too', async (t) => {
  const patterns = [ecs, applicationAutoscaling, cloudMap, cloudwatch].flatMap(({ shapes }) => Object.values(shapes).flatMap(({ pattern = [] }) => pattern))
  t.ok(patterns.length > 1)
  for (const pattern of patterns) t.doesNotThrow(() => new RegExp(pattern, 'u'), pattern)
})

t.test('requests', async (t) => {
  const refused = (input: unknown) => {
    try {
      requireValid(model, 'Put', input, 'ValidationException')
    } catch (error) {
      return error
    }
    return undefined
  }
  t.equal(refused({ Name: 'ab', Newer: 1 }), undefined, 'members that nobody knows are passed over')
  t.match(refused({ Name: 'a', Kind: 'C' }), { type: 'ValidationException', message: /^2 validation errors detected: Value 'a' at 'name'.*; Value/ })
  t.match(refused({ Count: 'x' }), { type: 'SerializationException' })
  t.match(refused([]), { type: 'SerializationException' })
})
