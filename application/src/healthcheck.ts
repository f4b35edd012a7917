// The container's own health check: exits 0 while the app answers. ECS runs it inside the container.
import { get } from 'node:http'

const request = get({ host: '127.0.0.1', port: Number(process.env.PORT ?? 8080), path: '/livez', timeout: 3000 }, (response) => {
  response.resume()
  process.exitCode = response.statusCode === 200 ? 0 : 1
})
request.on('timeout', () => request.destroy(new Error('no answer')))
request.on('error', () => {
  process.exitCode = 1
})
