import type { Placed } from './configuration-file.ts'
import type { Inputs } from './check-inputs.ts'
import type { Report } from './findings.ts'
import { evaluate, type Scope } from './hcl/evaluate.ts'
import { childrenOf, type Expression } from './hcl/tree.ts'
import { EvaluationError, objectOf, unknown, type Value } from './hcl/values.ts'
import type { Variable } from './variables.ts'

/**
 * Reports each value that a variable's own `validation` refuses. A condition that cannot be told here for certain is
 * left to Terraform.
 */
export function checkValidations(variables: Map<string, Variable>, inputs: Inputs, report: Report): void {
  const values = [...variables.keys()].map((name): [string, Value] => {
    const input = inputs.get(name)
    return [name, input ? input.value : unknown]
  })
  const scope: Scope = new Map([['var', objectOf(values)]])
  for (const variable of variables.values()) {
    for (const { condition, message } of variable.validations) {
      if (tryEvaluate(condition, scope) !== false) continue
      const text = message && !variable.sensitive ? tryEvaluate(message, scope) : undefined
      const reason = typeof text === 'string' ? `: ${text.trim()}` : '.'
      const { source } = variable.at
      const fix = `Change the value; the rule is in ${source.file}:${source.place(condition.at).line}.`
      report(
        'inputs/validation',
        findCulprit(variable, condition, inputs),
        `The value of "${variable.name}" is not valid${reason}`,
        fix,
      )
    }
  }
}

function tryEvaluate(expression: Expression, scope: Scope): Value {
  try {
    return evaluate(expression, scope)
  } catch (error) {
    if (error instanceof EvaluationError) return unknown
    throw error
  }
}

/** Where the refused value is written; a default is refused because of another variable, if one is set in a file. */
function findCulprit(variable: Variable, condition: Expression, inputs: Inputs): Placed['at'] {
  const own = inputs.get(variable.name)
  if (own?.given) return own.at
  const others = variablesIn(condition).map((name) => inputs.get(name))
  return others.find((input) => input?.given)?.at ?? own?.at ?? variable.at
}

function variablesIn(expression: Expression): string[] {
  const isVariable =
    expression.kind === 'attribute' && expression.of.kind === 'variable' && expression.of.name === 'var'
  return isVariable ? [expression.name] : childrenOf(expression).flatMap(variablesIn)
}
