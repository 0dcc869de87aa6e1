// Gather at its full width (hdl/stream/gather/mod.rs), spliced into the module.
//
//   s ─▶ take ─▶ body (a clock later)
//          '───▶ window of three beats ─▶ header (three clocks after the beat that completes it)
//   credit ─▶ room
//
// The expected body and header are built a second time from what was taken, and walk beside the block for as many clocks.

  wire taken_now = s_valid & ready;
  wire slow = s_beat_user[9:0] == SLOW;

  // Of the bytes of a beat one is followed, whichever the solver likes, and one bit stands for it: the block looks at no
  // bit of a byte but in the shim.
  (* anyconst *) wire [5:0] lane;
  wire [63:0] bytes_in, bytes_out, bytes_placed, bytes_a, bytes_b, bytes_c;
  genvar at;
  for (at = 0; at < 64; at = at + 1) begin
    assign bytes_in[at] = s_beat_data[8 * at + BIT];
    assign bytes_out[at] = body_data[8 * at + BIT];
    assign bytes_placed[at] = placed_data[8 * at + BIT];
    assign bytes_a[at] = header_window[8 * at + BIT];
    assign bytes_b[at] = header_window[8 * (64 + at) + BIT];
    assign bytes_c[at] = header_window[8 * (128 + at) + BIT];
  end
  reg [63:0] shim_taken;
  integer shim_at;
  always @(*)
    for (shim_at = 0; shim_at < 8; shim_at = shim_at + 1)
      shim_taken[8 * shim_at +: 8] = s_beat_data[8 * shim_at +: 8] & {8{s_beat_keep[shim_at]}};
  wire byte_taken = s_beat_keep[lane] & bytes_in[lane];

  // What waits behind: beats that were written and not given back, packets that were begun and not given back.
  reg [10:0] waiting_beats = 0;
  reg [8:0] waiting_packets = 0;
  reg [8:0] waiting_headers = 0;

  // Between two beats of a packet: its user word, beats seen (up to four), header already complete.
  reg open_packet = 0;
  reg [31:0] user;
  reg [2:0] seen_beats = 0;
  reg complete_already = 0;
  wire [2:0] number = open_packet ? seen_beats : 3'd0;
  wire had_header = open_packet & complete_already;
  wire completes = taken_now & ~had_header & (s_beat_last | number == (slow ? 3'd3 : 3'd2));

  // One clock behind the beat: body and first look at the header.
  reg body_due = 0, first_due = 0, last_due, complete_due_1 = 0, slow_due;
  reg byte_due;
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
  reg [63:0] shim_due, shim_due_2, shim_read;
  integer part_at;

  always @(posedge clock) begin
    if (taken_now) begin
      open_packet <= ~s_beat_last;
      user <= s_beat_user;
      seen_beats <= number == 4 ? 3'd4 : number + 3'd1;
      complete_already <= had_header | completes;
    end
    body_due <= taken_now;
    first_due <= taken_now & ~open_packet;
    last_due <= s_beat_last;
    byte_due <= byte_taken;
    number_due <= number;
    user_due <= s_beat_user;
    slow_due <= slow;
    shim_due <= shim_taken;
    complete_due_1 <= completes;

    complete_due_2 <= complete_due_1;
    valid_due_2 <= body_due;
    first_due_2 <= first_due;
    slow_due_2 <= slow_due;
    number_due_2 <= number_due;
    byte_due_2 <= byte_due;
    user_due_2 <= user_due;
    shim_due_2 <= shim_due;

    begun <= begun | first_due_2;
    complete_due_3 <= complete_due_2;
    user_due_3 <= user_due_2;
    if (first_due_2) shim_read <= slow_due_2 ? shim_due_2 : 0;
    for (part_at = 0; part_at < 3; part_at = part_at + 1)
      if (valid_due_2 & number_due_2 == part_at + slow_due_2) window[part_at] <= byte_due_2;
      else if (first_due_2) window[part_at] <= 0;

    waiting_beats <= waiting_beats + body_valid - credit_body;
    waiting_packets <= waiting_packets + (body_valid & first_due) - credit_header;
    waiting_headers <= waiting_headers + header_valid - credit_header;
  end

  // The bus: a packet's beats agree on length and port, which is one of ten bits. Deliver gives back what it got.
  always @(*) begin
    assume (~reset);
    assume (~s_valid | s_beat_user[15:10] == 0);
    assume (~s_valid | ~open_packet | s_beat_user == user);
    assume (~credit_body | waiting_beats != 0);
    assume (~credit_header | waiting_headers != 0);
  end

  wire [15:0] length = user_due_3[31:16];
  wire same_window = {bytes_c[lane], bytes_b[lane], bytes_a[lane]} == window;
  wire same_shim = header_arrival_inject_vif == shim_read[28:16] & header_arrival_inject_port == shim_read[41:32] &
    header_arrival_command == (shim_read[7:0] == 1 | shim_read[7:0] == 2 ? shim_read[1:0] : 0);
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

    buffer_never_overflows: assert (waiting_beats + body_valid <= BODY_DEPTH);
    slots_never_overflow: assert (waiting_packets + (body_valid & first_due) <= EDIT_DEPTH);
    in_flight_counts: assert (in_flight == waiting_packets);
    closed_between_packets: assert (~ready | enable | open_packet);
    room_is_used: assert (ready | waiting_beats >= BODY_DEPTH - 1 |
      (~open_packet & (~enable | waiting_packets >= EDIT_DEPTH - 1)));

`ifdef INVARIANTS
    inv_counts: assert (beats == waiting_beats & waiting_headers <= waiting_packets & within_ == open_packet);
    inv_headers: assert (waiting_packets == waiting_headers + header_valid + complete_due_2 + complete_due_1 - first_due +
      (open_packet & ~complete_already));
    inv_begun: assert ((begun | ~complete_due_3) & (valid_due_2 | ~complete_due_2) & (begun | first_due_2 | ~valid_due_2) &
      (begun | first_due_2 | first_due | ~(body_due | open_packet)));
    inv_window: assert (~begun | (same_window & same_shim));
    inv_user: assert (~open_packet | ~body_due | user == user_due);
    inv_number: assert (seen_beats <= 4 & (~open_packet | seen_beats != 0) & number_due <= 4 & number_due_2 <= 4);
    inv_complete: assert (~open_packet | complete_already == (seen_beats >= 3 + (user[9:0] == SLOW)));
    inv_seen: assert (~open_packet | (body_due ? seen_beats == (number_due == 4 ? 4 : number_due + 1) & ~last_due : seen == seen_beats));
    inv_first: assert (first_due == (body_due & number_due == 0) & first_due_2 == (valid_due_2 & number_due_2 == 0));
    inv_taken: assert (~body_due | (taken_first == first_due & taken_length == user_due[31:16] &
      taken_port == user_due[9:0] & slow_due == injected & (first_due | seen == number_due)));
    inv_complete_due: assert (complete_due_1 == (body_due &
      (number_due == 2 + slow_due | (last_due & number_due < 2 + slow_due))));
    inv_shim: assert (~valid_due_2 | placed_data[63:0] == shim_due_2);
    inv_place: assert (placed_complete == complete_due_2 & {placed_place_2, placed_place_1, placed_place_0} ==
      ({3{valid_due_2}} & {number_due_2 == 2 + slow_due_2, number_due_2 == 1 + slow_due_2, number_due_2 == 0 + slow_due_2}));
    inv_placed: assert (~valid_due_2 | (placed_first == first_due_2 & placed_length == user_due_2[31:16] &
      placed_port == user_due_2[9:0] & placed_injected == slow_due_2 & bytes_placed[lane] == byte_due_2));
`endif
  end
