// The peer of the fan-out benchmarks: whatever one client says, all clients of its room hear. One process, ws or Bun.
const port = Number(process.argv[2])

if (globalThis.Bun) {
  Bun.serve({
    port,
    hostname: '127.0.0.1',
    fetch(request, server) {
      const room = new URL(request.url).searchParams.get('room')
      return server.upgrade(request, { data: room }) ? undefined : new Response('no', { status: 400 })
    },
    websocket: {
      perMessageDeflate: false,
      open: (socket) => socket.subscribe(socket.data),
      message: (socket, text) => { socket.publish(socket.data, text); socket.send(text) },
    },
  })
} else {
  const { WebSocketServer } = await import('ws')
  const rooms = new Map()
  new WebSocketServer({ port, host: '127.0.0.1', perMessageDeflate: false }).on('connection', (socket, request) => {
    const key = new URL(request.url, 'http://x').searchParams.get('room')
    const room = rooms.get(key) ?? rooms.set(key, new Set()).get(key)
    room.add(socket)
    socket.on('close', () => room.delete(socket))
    socket.on('message', (data) => {
      const text = data.toString()
      for (const one of room) if (one.readyState === 1) one.send(text)
    })
  })
}
