// Gather at its full width (hdl/stream/gather/mod.rs), spliced into the module.
//
//   s, rounds ─▶ take ─▶ body (a clock later)
//                  '───▶ window of three beats ─▶ header (three clocks after the beat that completes it)
//   credit ─▶ room
//
// The expected body and header are built a second time from what was taken, and walk beside the block for as many clocks.

  wire taken_s = s_valid & ready;
  wire taken_rounds = rounds_valid & rounds_ready;
  wire taken_now = taken_s | taken_rounds;
  wire [31:0] user_in = taken_rounds ? {rounds_length, 6'd0, ROUND[9:0]} : s_beat_user;
  wire last_in = taken_rounds ? rounds_last : s_beat_last;
  wire slow = user_in[9:0] == SLOW;

  // What is known of a copy, or of a packet that the slow path knows more of, of which one bit is followed, whichever the
  // solver likes.
  wire [354:0] round_in = {
    rounds_round_kind, rounds_round_hops, rounds_round_vif, rounds_round_port, rounds_round_received, rounds_round_flowed,
    rounds_round_judged, rounds_round_quiet, rounds_round_tunnelled, rounds_round_frame, rounds_round_vrf,
    rounds_round_direct, rounds_round_nexthop, rounds_round_label, rounds_round_flood_unknown, rounds_round_tree,
    rounds_round_tunnel, rounds_round_outer_v6, rounds_round_outer_src, rounds_round_outer_label, rounds_round_outer_ttl,
    rounds_round_origin, rounds_round_position, rounds_round_known_ports, rounds_round_known_src_port,
    rounds_round_known_dst_port, rounds_round_known_routed, rounds_round_known_nexthop, rounds_round_known_label};
  wire [354:0] round_out = {
    header_arrival_round_kind, header_arrival_round_hops, header_arrival_round_vif, header_arrival_round_port,
    header_arrival_round_received, header_arrival_round_flowed, header_arrival_round_judged, header_arrival_round_quiet,
    header_arrival_round_tunnelled, header_arrival_round_frame, header_arrival_round_vrf, header_arrival_round_direct,
    header_arrival_round_nexthop, header_arrival_round_label, header_arrival_round_flood_unknown,
    header_arrival_round_tree, header_arrival_round_tunnel, header_arrival_round_outer_v6, header_arrival_round_outer_src,
    header_arrival_round_outer_label, header_arrival_round_outer_ttl, header_arrival_round_origin,
    header_arrival_round_position, header_arrival_round_known_ports, header_arrival_round_known_src_port,
    header_arrival_round_known_dst_port, header_arrival_round_known_routed, header_arrival_round_known_nexthop,
    header_arrival_round_known_label};
  wire [354:0] round_taken = {
    taken_round_kind, taken_round_hops, taken_round_vif, taken_round_port, taken_round_received, taken_round_flowed,
    taken_round_judged, taken_round_quiet, taken_round_tunnelled, taken_round_frame, taken_round_vrf, taken_round_direct,
    taken_round_nexthop, taken_round_label, taken_round_flood_unknown, taken_round_tree, taken_round_tunnel,
    taken_round_outer_v6, taken_round_outer_src, taken_round_outer_label, taken_round_outer_ttl, taken_round_origin,
    taken_round_position, taken_round_known_ports, taken_round_known_src_port, taken_round_known_dst_port,
    taken_round_known_routed, taken_round_known_nexthop, taken_round_known_label};
  wire [354:0] round_placed = {
    placed_round_kind, placed_round_hops, placed_round_vif, placed_round_port, placed_round_received, placed_round_flowed,
    placed_round_judged, placed_round_quiet, placed_round_tunnelled, placed_round_frame, placed_round_vrf,
    placed_round_direct, placed_round_nexthop, placed_round_label, placed_round_flood_unknown, placed_round_tree,
    placed_round_tunnel, placed_round_outer_v6, placed_round_outer_src, placed_round_outer_label, placed_round_outer_ttl,
    placed_round_origin, placed_round_position, placed_round_known_ports, placed_round_known_src_port,
    placed_round_known_dst_port, placed_round_known_routed, placed_round_known_nexthop, placed_round_known_label};
  (* anyconst *) wire [8:0] round_lane;
  wire known_in = taken_rounds & round_in[round_lane];

  // Of the bytes of a beat one is followed, whichever the solver likes, and one bit stands for it: the block looks at no
  // bit of a byte but in the shim.
  (* anyconst *) wire [5:0] lane;
  wire [63:0] bytes_in, bytes_back, bytes_out, bytes_placed, bytes_a, bytes_b, bytes_c;
  genvar at;
  for (at = 0; at < 64; at = at + 1) begin
    assign bytes_in[at] = s_beat_data[8 * at + BIT];
    assign bytes_back[at] = rounds_data[8 * at + BIT];
    assign bytes_out[at] = body_data[8 * at + BIT];
    assign bytes_placed[at] = placed_data[8 * at + BIT];
    assign bytes_a[at] = header_window[8 * at + BIT];
    assign bytes_b[at] = header_window[8 * (64 + at) + BIT];
    assign bytes_c[at] = header_window[8 * (128 + at) + BIT];
  end
  reg [175:0] shim_taken;
  integer shim_at;
  always @(*)
    for (shim_at = 0; shim_at < 22; shim_at = shim_at + 1)
      shim_taken[8 * shim_at +: 8] = taken_rounds ? rounds_data[8 * shim_at +: 8]
        : s_beat_data[8 * shim_at +: 8] & {8{s_beat_keep[shim_at]}};
  wire byte_taken = taken_rounds ? bytes_back[lane] : s_beat_keep[lane] & bytes_in[lane];

  // What waits behind: beats that were written and not given back, packets that were begun and not given back.
  reg [10:0] waiting_beats = 0;
  reg [8:0] waiting_packets = 0;
  reg [8:0] waiting_headers = 0;

  // Between two beats of a packet: whose it is, its user word, beats seen (up to four), header already complete.
  reg open_packet = 0;
  reg open_rounds = 0;
  reg followed;
  reg [31:0] user;
  reg [2:0] seen_beats = 0;
  reg complete_already = 0;
  wire [2:0] number = open_packet ? seen_beats : 3'd0;
  wire had_header = open_packet & complete_already;
  wire completes = taken_now & ~had_header & (last_in | number == (slow ? 3'd3 : 3'd2));

  // One clock behind the beat: body and first look at the header.
  reg body_due = 0, first_due = 0, last_due, complete_due_1 = 0, slow_due;
  reg byte_due, known_due, known_due_2, from_rounds_due;
  reg [2:0] number_due = 0;
  reg [31:0] user_due;
  // Two and three clocks behind.
  reg complete_due_2 = 0, complete_due_3 = 0;
  reg first_due_2 = 0, valid_due_2 = 0, slow_due_2;
  reg [2:0] number_due_2 = 0;
  reg byte_due_2;
  reg [31:0] user_due_2, user_due_3;
  reg [2:0] window;
  reg begun = 0;
  reg [175:0] shim_due, shim_due_2;
  reg [63:0] shim_read;
  reg round_read;
  integer part_at;

  // What a shim says beside how the packet is to be treated, of one that is to be treated as received.
  wire as_received = shim_due_2[7:0] == 2 | shim_due_2[7:0] == 3;
  wire [354:0] round_told = {
    31'd0, shim_due_2[66], 245'd0, shim_due_2[64], shim_due_2[95:80], shim_due_2[111:96], shim_due_2[65],
    shim_due_2[131:112], shim_due_2[167:144]};

  always @(posedge clock) begin
    if (taken_now) begin
      open_packet <= ~last_in;
      open_rounds <= taken_rounds;
      followed <= known_in;
      user <= user_in;
      seen_beats <= number == 4 ? 3'd4 : number + 3'd1;
      complete_already <= had_header | completes;
    end
    body_due <= taken_now;
    first_due <= taken_now & ~open_packet;
    last_due <= last_in;
    byte_due <= byte_taken;
    known_due <= known_in;
    from_rounds_due <= taken_rounds;
    number_due <= number;
    user_due <= user_in;
    slow_due <= slow;
    shim_due <= shim_taken;
    complete_due_1 <= completes;

    complete_due_2 <= complete_due_1;
    valid_due_2 <= body_due;
    first_due_2 <= first_due;
    slow_due_2 <= slow_due;
    number_due_2 <= number_due;
    byte_due_2 <= byte_due;
    known_due_2 <= known_due;
    user_due_2 <= user_due;
    shim_due_2 <= shim_due;

    begun <= begun | first_due_2;
    complete_due_3 <= complete_due_2;
    user_due_3 <= user_due_2;
    if (first_due_2) shim_read <= slow_due_2 ? shim_due_2[63:0] : 0;
    if (first_due_2) round_read <= slow_due_2 ? as_received & round_told[round_lane] : known_due_2;
    for (part_at = 0; part_at < 3; part_at = part_at + 1)
      if (valid_due_2 & number_due_2 == part_at + slow_due_2) window[part_at] <= byte_due_2;
      else if (first_due_2) window[part_at] <= 0;

    waiting_beats <= waiting_beats + body_valid - credit_body;
    waiting_packets <= waiting_packets + (body_valid & first_due) - credit_header;
    waiting_headers <= waiting_headers + header_valid - credit_header;
  end

  // Whose turn it is: how far rounds is ahead, in beats, from 256 behind to 256 ahead.
  reg signed [10:0] ahead = 0;
  reg [7:0] held_before, held_earlier;
  reg [1:0] held_seen = 0;
  wire held_known = held_seen[1];
  always @(posedge clock) begin
    if (taken_rounds & ahead != 256) ahead <= ahead + 1;
    if (taken_s & ahead != -256) ahead <= ahead - 1;
    held_before <= held;
    held_earlier <= held_before;
    if (~held_known) held_seen <= held_seen + 1;
  end

  // The bus: a packet's beats agree on length and port, which is one of ten bits. So do a copy's. Deliver gives back what
  // it got.
  always @(*) begin
    assume (~reset);
    assume (round_lane < 355);
    assume (~s_valid | s_beat_user[15:10] == 0);
    assume (~s_valid | ~open_packet | open_rounds | s_beat_user == user);
    assume (~rounds_valid | ~open_packet | ~open_rounds | (rounds_length == user[31:16] & round_in[round_lane] == followed));
    assume (~credit_body | waiting_beats != 0);
    assume (~credit_header | waiting_headers != 0);
  end

  wire [15:0] length = user_due_3[31:16];
  wire same_window = {bytes_c[lane], bytes_b[lane], bytes_a[lane]} == window;
  wire same_shim = header_arrival_inject_vif == shim_read[28:16] & header_arrival_inject_port == shim_read[41:32] &
    header_arrival_command == (shim_read[7:0] >= 1 & shim_read[7:0] <= 3 ? shim_read[1:0] : 0);
  wire injected_due = user_due_3[9:0] == SLOW;
  always @(*) begin
    each_beat_once: assert (body_valid == body_due);
    beat_as_it_came: assert (~body_due | (bytes_out[lane] == byte_due & body_last == last_due));
    each_header_once: assert (header_valid == complete_due_3);
    window_is_the_packet: assert (~header_valid | same_window);
    header_is_the_packets: assert (~header_valid | (header_arrival_port == user_due_3[9:0] &
      header_arrival_injected == injected_due &
      header_arrival_length == (injected_due ? (length < 64 ? 16'd0 : length - 16'd64) : length)));
    shim_is_the_packets: assert (~header_valid | same_shim);
    round_is_the_copys_or_the_shims: assert (~header_valid | round_out[round_lane] == round_read);
    each_copy_counts_once: assert (copied == (body_valid & first_due & from_rounds_due));

    buffer_never_overflows: assert (waiting_beats + body_valid <= BODY_DEPTH);
    slots_never_overflow: assert (waiting_packets + (body_valid & first_due) <= EDIT_DEPTH);
    in_flight_counts: assert (~held_known | in_flight == waiting_packets + held_earlier);
    closed_between_packets: assert (~ready | enable | open_packet);
    packets_stay_whole: assert (~(taken_s & taken_rounds) & ~(open_packet & (open_rounds ? taken_s : taken_rounds)));
    turns_are_fair: assert (open_packet | ~s_valid | ~enable | ~rounds_valid | (ahead <= 0 ? ~ready : ~rounds_ready));
    room_is_used: assert (waiting_beats >= BODY_DEPTH - 1 | (~open_packet & waiting_packets >= EDIT_DEPTH - 1) | taken_now |
      ~(s_valid & (open_packet ? ~open_rounds : enable)) & ~(rounds_valid & (~open_packet | open_rounds)));

`ifdef INVARIANTS
    inv_counts: assert (beats == waiting_beats & packets == waiting_packets & waiting_headers <= waiting_packets &
      within_ == (open_packet & ~open_rounds) & within_rounds == (open_packet & open_rounds));
    inv_held: assert (held_seen <= 2 & (held_seen == 0 | held_1 == held_before) & (held_seen < 2 | held_2 == held_earlier));
    inv_turns: assert (ahead >= -256 & ahead <= 256 & $signed({1'b0, debt}) == ahead + 256 & due == (ahead <= 0));
    inv_round: assert (~body_due | (round_taken[round_lane] == known_due & taken_copy == from_rounds_due));
    inv_round_placed: assert (~valid_due_2 | round_placed[round_lane] == known_due_2);
    inv_known: assert (~open_packet | ~body_due | followed == known_due);
    inv_one_of_both: assert (~(body_due & known_due & slow_due) & ~(valid_due_2 & known_due_2 & slow_due_2));
    inv_headers: assert (waiting_packets == waiting_headers + header_valid + complete_due_2 + complete_due_1 - first_due +
      (open_packet & ~complete_already));
    inv_begun: assert ((begun | ~complete_due_3) & (valid_due_2 | ~complete_due_2) & (begun | first_due_2 | ~valid_due_2) &
      (begun | first_due_2 | first_due | ~(body_due | open_packet)));
    inv_window: assert (~begun | (same_window & same_shim));
    inv_round_out: assert (~begun | round_out[round_lane] == round_read);
    inv_user: assert (~open_packet | ~body_due | user == user_due);
    inv_open_rounds: assert (~open_packet | ~open_rounds | user[15:0] == ROUND);
    inv_number: assert (seen_beats <= 4 & (~open_packet | seen_beats != 0) & number_due <= 4 & number_due_2 <= 4);
    inv_complete: assert (~open_packet | complete_already == (seen_beats >= 3 + (user[9:0] == SLOW)));
    inv_seen: assert (~open_packet | (body_due ? seen_beats == (number_due == 4 ? 4 : number_due + 1) & ~last_due : seen == seen_beats));
    inv_first: assert (first_due == (body_due & number_due == 0) & first_due_2 == (valid_due_2 & number_due_2 == 0));
    inv_taken: assert (~body_due | (taken_first == first_due & taken_length == user_due[31:16] &
      taken_port == user_due[9:0] & slow_due == injected & (first_due | seen == number_due)));
    inv_complete_due: assert (complete_due_1 == (body_due &
      (number_due == 2 + slow_due | (last_due & number_due < 2 + slow_due))));
    inv_shim: assert (~valid_due_2 | placed_data[175:0] == shim_due_2);
    inv_place: assert (placed_complete == complete_due_2 & {placed_place_2, placed_place_1, placed_place_0} ==
      ({3{valid_due_2}} & {number_due_2 == 2 + slow_due_2, number_due_2 == 1 + slow_due_2, number_due_2 == 0 + slow_due_2}));
    inv_placed: assert (~valid_due_2 | (placed_first == first_due_2 & placed_length == user_due_2[31:16] &
      placed_port == user_due_2[9:0] & placed_injected == slow_due_2 & bytes_placed[lane] == byte_due_2));
`endif
  end
