// A Kinesis of other people (kinesalite) on the loopback address: node kinesis.js HOME; prints the port it listens on.
// Streams are CREATING for a while, as on AWS, and cannot be used before they are ACTIVE.
const kinesalite = require(require.resolve('kinesalite', { paths: [process.argv[2]] }))
const server = kinesalite({ createStreamMs: 500, deleteStreamMs: 100, shardLimit: 100 })
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
