async ({ offer, video, relay }) => {
  const by = relay ? { iceServers: [relay], iceTransportPolicy: 'relay' } : { iceServers: [] };
  const pc = (window.pc = new RTCPeerConnection(by));
  pc.ontrack = (event) => {
    const element = document.createElement(event.track.kind);
    element.autoplay = true;
    element.muted = event.track.kind === 'video';
    element.srcObject = new MediaStream([event.track]);
    document.body.append(element);
  };
  window.answer = async (sdp) => {
    await pc.setRemoteDescription({ type: 'offer', sdp });
    await pc.setLocalDescription(await pc.createAnswer());
    return pc.localDescription.sdp;
  };
  window.received = async () => {
    const found = { frames: {}, energy: {}, pairs: 0, freezes: 0, lost: 0 };
    const lines = Object.fromEntries(pc.getTransceivers().map((one) => [one.mid, one]));
    for (const report of (await pc.getStats()).values()) {
      if (report.type === 'inbound-rtp' && report.kind === 'video') {
        found.frames[report.mid] = report.framesDecoded ?? 0;
        found.freezes += report.totalFreezesDuration ?? 0;
      }
      if (report.type === 'inbound-rtp' && report.kind === 'audio') found.energy[report.mid] = report.totalAudioEnergy ?? 0;
      if (report.type === 'inbound-rtp') found.lost += report.packetsLost ?? 0;
    }
    found.lines = Object.keys(lines).length;
    found.state = pc.connectionState;
    const reports = await pc.getStats();
    for (const report of reports.values()) {
      if (report.type === 'candidate-pair' && report.nominated) {
        const local = reports.get(report.localCandidateId);
        found.way = `${local.candidateType} ${local.relayProtocol ?? local.protocol}`;
      }
    }
    return found;
  };
  window.until = async ([frames, others]) => {
    for (;;) {
      const now = await window.received();
      const seen = Object.values(now.frames).filter((count) => count >= frames).length;
      const heard = Object.values(now.energy).filter((energy) => energy > 0).length;
      window.last = { ...now, seen, heard };
      if (now.state === 'connected' && seen >= others && heard >= others) return now;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  };
  const media = await navigator.mediaDevices.getUserMedia({ audio: true, video: video ? { width: 640, height: 360 } : false });
  await pc.setRemoteDescription({ type: 'offer', sdp: offer });
  for (const line of pc.getTransceivers()) {
    const track = { mic: media.getAudioTracks()[0], cam: media.getVideoTracks()[0] }[line.mid];
    if (!track) continue;
    line.direction = 'sendonly';
    await line.sender.replaceTrack(track);
  }
  await pc.setLocalDescription(await pc.createAnswer());
  return pc.localDescription.sdp;
}
