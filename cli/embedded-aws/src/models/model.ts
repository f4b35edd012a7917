// What AWS's own service models say of the operations that the gateway answers, or whose answers it completes. The JSON
// files are written by `npm run models` from the pinned botocore; those that requests are not held to are the tests'.
import scaling from './application-autoscaling.json' with { type: 'json' }
import cloudwatchModel from './cloudwatch.json' with { type: 'json' }
import ecsModel from './ecs.json' with { type: 'json' }
import cloudMapModel from './servicediscovery.json' with { type: 'json' }

export type Shape = {
  type: 'structure' | 'list' | 'map' | 'string' | 'integer' | 'long' | 'double' | 'float' | 'boolean' | 'timestamp' | 'blob'
  /** Of a structure: each member's shape. */
  members?: Record<string, string>
  required?: string[]
  /** Any JSON. */
  document?: boolean
  /** Of a list or a map. */
  member?: string
  key?: string
  value?: string
  enum?: string[]
  min?: number
  max?: number
  pattern?: string
  /** In XML: the elements of members whose name is another. */
  elements?: Record<string, string>
  /** In XML: the element of a list's members. */
  element?: string
}

export type Operation = { input?: string; output?: string; errors: string[] }

export type Model = {
  /** Whose model it is, and of which version, e.g. `botocore 1.43.106`. */
  source: string
  /** Of the XML of answers. */
  xmlNamespace?: string
  /** Every operation of the service; those that are not answered have neither input nor output. */
  operations: Record<string, Operation>
  shapes: Record<string, Shape>
}

export const ecs = ecsModel as unknown as Model
export const applicationAutoscaling = scaling as unknown as Model
export const cloudwatch = cloudwatchModel as unknown as Model
export const cloudMap = cloudMapModel as unknown as Model
