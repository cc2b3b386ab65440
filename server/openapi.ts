import { OpenAPIHono, z } from '@hono/zod-openapi'
import { problemSchema } from '../contract/problems.ts'
import { deploymentSchema } from '../contract/deployment.ts'
import { environmentNameSchema, serviceIdSchema } from '../contract/service.ts'
import type { AppEnv } from './deps.ts'
import { refuseInvalid } from './validation.ts'

/** A router whose validation answers with problems. */
export const newRouter = () => new OpenAPIHono<AppEnv>({ defaultHook: refuseInvalid })

const meanings = {
  400: 'The body is not JSON, or not an archive',
  401: 'The token is missing or wrong',
  403: 'The token may not do this, or a page of another origin asked',
  404: 'There is no such thing, or none that this token reaches',
  409: 'It is not in a state in which this can be done',
  413: 'The body is larger than 1 MiB, or the archive than SLUICE_ARCHIVE_LIMIT or what it may unpack to',
  415: 'The body is of a kind that is not read here',
  421: 'The Host is not a name of this API',
  422: 'The request cannot be carried out as it is; `errors` or `findings` say why',
  429: 'Too many wrong tokens from this address',
  500: 'Sluice itself failed',
  503: 'The database or Temporal does not answer, or the disk is full; safe to repeat with the same Idempotency-Key',
} as const
type ProblemStatus = keyof typeof meanings

type ProblemResponse = {
  description: string
  content: { 'application/problem+json': { schema: typeof problemSchema } }
}

/** Documents problem answers. */
export function problems<S extends ProblemStatus>(...statuses: S[]): Record<S, ProblemResponse> {
  const entries = statuses.map((status) => [
    status,
    { description: meanings[status], content: { 'application/problem+json': { schema: problemSchema } } },
  ])
  return Object.fromEntries(entries) as Record<S, ProblemResponse>
}

/** What every route under `/v1` may answer. */
export const commonProblems = problems(401, 403, 421, 429, 500, 503)
/** What every route with a body may answer. */
export const bodyProblems = problems(400, 413, 415, 422)

export const jsonOf = <T extends z.ZodType>(schema: T, description: string, example?: unknown) => ({
  description,
  content: { 'application/json': { schema, ...(example === undefined ? {} : { example }) } },
})

/** @param required false where the whole body may be left out */
export const bodyOf = <T extends z.ZodType>(schema: T, example: unknown, required = true) => ({
  required,
  content: { 'application/json': { schema, example } },
})

export const listOf = <T extends z.ZodType>(schema: T) => z.object({ data: z.array(schema) })

export const locationHeader = {
  Location: { description: 'Path of what was made', schema: { type: 'string' as const } },
}

export const idempotencyHeaders = z.object({
  'idempotency-key': z.string().max(255).optional().openapi({
    description:
      'Makes the request safe to repeat: the same key and body get the same answer. Answers of 4xx and 5xx had no effect and are not kept',
    example: '2f6c1f0e-2f0b-4a57-9a3c-6d1f3c8a5b11',
  }),
})

export const serviceParams = z.object({ serviceId: serviceIdSchema })
export const environmentParams = serviceParams.extend({ environment: environmentNameSchema })
export const deploymentParams = z.object({
  deploymentId: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,39}\.[a-z][a-z0-9-]{0,39}\.[1-9][0-9]{0,8}$/)
    .openapi({ example: 'shop.production.7' }),
})

/** An answer that began an action and shows it. */
export const acceptedDeployment = {
  description: 'Accepted; `Location` leads to the deployment',
  headers: locationHeader,
  content: { 'application/json': { schema: deploymentSchema } },
}

const tags = [
  { name: 'services', description: 'What is deployed, and where its code comes from' },
  { name: 'environments', description: 'Running instances of a service; each has a queue of its own' },
  { name: 'deployments', description: 'Attempts to bring a version live' },
  { name: 'webhooks', description: 'What forges tell of pushes and pull requests' },
  { name: 'previews', description: 'Environments of pull requests, made and removed with them' },
  { name: 'access', description: 'Who may do what, and who did what' },
  { name: 'runs', description: 'Commands in the live release, once or at certain times' },
  { name: 'schedules', description: 'Deployments at certain times' },
  { name: 'server', description: 'State of this server' },
]

/** The document of everything that the app routes. */
export function openApiDocument(app: OpenAPIHono<AppEnv>, url: string) {
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'Sluice',
      version: '1',
      description:
        'Durable deployments of web services. Every error is RFC 9457 problem+json with a stable `code`.',
      license: { name: 'MIT' },
    },
    servers: [{ url }],
    tags,
  })
}
